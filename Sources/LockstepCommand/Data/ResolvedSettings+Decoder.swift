// `--model gpt`: its sizes from the settings, its vocabulary and length from the data.

import Lockstep

extension ResolvedSettings {
    func decoderModel(_ data: any Dataset) throws -> DecoderModel {
        guard case .tokens(let vocabulary) = data.input.kind, data.input.shape.rank == 1,
            data.target.shape == data.input.shape, data.target.classCount == vocabulary
        else {
            throw error(
                \.model.model,
                "gpt foretells the token after each of a sequence, from text:FILE or tokens:DIR, but \(data.name) has "
                    + "samples of shape \(data.input.shape) and targets of shape \(data.target.shape)")
        }
        var decoder = DecoderModel(vocabulary: vocabulary, length: data.input.shape[0])
        decoder.layers = self.model.layers ?? decoder.layers
        decoder.heads = self.model.heads ?? decoder.heads
        decoder.width = self.model.width ?? decoder.width
        (decoder.dropout, decoder.tied, decoder.useBias) =
            (self.model.dropout, !self.model.untied, self.model.useBias)
        guard decoder.width % decoder.heads == 0 else {
            throw error(\.model.heads, "must divide the width, \(decoder.width), got \(decoder.heads)")
        }
        return decoder
    }
}
