// The network that is chosen for texts to continue: that it can be read, and looks back alone.

import Autograd
import Layers
import Tensors
import Testing

import Models

@Suite struct AutomaticLanguageModelTests {
    @Test(
        arguments: [
            AutomaticLanguageModel(vocabularySize: 65, blockSize: 64),
            AutomaticLanguageModel(vocabularySize: 3, blockSize: 1, filters: [4]),
            AutomaticLanguageModel(
                vocabularySize: 300, blockSize: 20, filters: [16, 8], dropout: 0.25, normalization: true),
        ])
    func answersForEachPositionFromThoseBefore(model: AutomaticLanguageModel) throws {
        let network = try ModelFile(text: model.text).model
        #expect(try network.build([model.blockSize]) == [model.blockSize, model.vocabularySize])
        #expect(network.positions == .sequence && network.indexLimit == model.vocabularySize)
        func outputs(_ tokens: [Float]) throws -> [Float] {
            network(Tape(.inference).constant(try Tensor([1, tokens.count], tokens))).value.scalars
        }
        _ = try network.makeParameterBuffer(input: [model.blockSize], seed: 5)
        let tokens = (0..<model.blockSize).map { Float($0 % model.vocabularySize) }
        let whole = try outputs(tokens)
        for length in [1, model.blockSize / 2, model.blockSize - 1] where length > 0 && length < model.blockSize {
            let others = tokens.prefix(length) + tokens.dropFirst(length).map { _ in Float(1) }
            let width = length * model.vocabularySize
            #expect(try outputs(Array(others)).prefix(width) == whole.prefix(width))
            // The last position sees those before it.
            #expect(try outputs(Array(tokens.dropLast()) + [1]).suffix(3) != whole.suffix(3) || tokens.last == 1)
        }
    }

    @Test func textTellsTheWhole() {
        let model = AutomaticLanguageModel(
            vocabularySize: 300, blockSize: 20, filters: [16, 8], dropout: 0.25, normalization: true)
        #expect(
            model.text == """
                # 20 tokens of 300 -> the token after each
                name: causal-cnn
                layers:
                  - embedding: {input-dimension: 300, output-dimension: 128}
                  - conv1d: {filters: 16, kernel-size: 3, dilation: 1, padding: causal, activation: relu}
                  - layer-normalization
                  - dropout: {rate: 0.25}
                  - conv1d: {filters: 8, kernel-size: 3, dilation: 2, padding: causal, activation: relu}
                  - layer-normalization
                  - dropout: {rate: 0.25}
                  - dense: {units: 300}

                """)
    }
}
