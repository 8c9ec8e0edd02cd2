// Whether a network ends as a loss expects. Seen in a pass over one sample of zeros, before training or evaluation.

import Autograd
import Layers
import Tensors

extension Loss {
    /// Why this loss can't take what `network` gives for samples of shape `input`, nil where it can. The network is built.
    package func defect(of network: any Layer, input: Shape) -> String? {
        if end == .anything && fromLogits == nil && parts.isEmpty { return nil }
        let output = network(Tape(.inference).constant(.zeros(input.prepending(1))))
        guard !parts.isEmpty else { return defect(of: output, network) }
        guard output.parts.count == parts.count else {
            return "\(name) is for the \(parts.count) outputs of a Graph, and \(network.typeName) gives one"
        }
        return zip(parts, output.parts).lazy.compactMap { part, output in
            part.loss.defect(of: output, network).map { "output \(part.name): \($0)" }
        }.first
    }

    private func defect(of output: Variable, _ network: any Layer) -> String? {
        if end == .anything && fromLogits == nil { return nil }
        let layer = network.allLayers().first { ObjectIdentifier($0.layer) == output.maker }
        let who = "layer \(layer?.path ?? network.typeName)"
        if end == .rates {
            guard output.kind == .logits || output.kind == .function("tanh") else { return nil }
            return "\(name) takes numbers above 0; \(who) ends "
                + (output.kind == .logits ? "without an activation" : "with tanh") + ": end with softplus"
        }
        let wanted =
            "\(name) takes probabilities, as softmax or sigmoid gives, or logits, as a layer without activation does"
        switch (output.kind, fromLogits) {
        case (.softmax, _) where output.shape[-1] == 1:
            return "\(who) ends with softmax over a single output, which is always 1; use sigmoid"
        case (.softmax, true), (.sigmoid, true):
            return "\(who) ends with \(output.kind), so its outputs are probabilities, but the loss is told that they "
                + "are logits: leave fromLogits or the activation out"
        case (.logits, false):
            return "\(who) ends without an activation, so its outputs are logits, but the loss is told that they are "
                + "probabilities: leave fromLogits out, or end with softmax or sigmoid"
        case (.function(let function), nil):
            return "\(wanted); \(who) ends with \(function): leave that out"
        case (.unknown, nil):
            return "\(wanted); \(who) does not show which it gives: end with one of these, or say fromLogits"
        default: return nil
        }
    }
}
