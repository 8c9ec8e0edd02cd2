// Models by name that fit the data: their text, the shapes they take, and what they refuse.

import Autograd
import Layers
import Models
import Tensors
import Testing

@Suite struct FittedModelTests {
    private func sizes(_ set: (inout FittedModel.Sizes) -> Void) -> FittedModel.Sizes {
        var sizes = FittedModel.Sizes()
        set(&sizes)
        return sizes
    }

    private func network(_ text: String) throws -> any Layer { try ModelFile(text: text).model }

    @Test func anLSTMReadsTextsToTheirEnd() throws {
        let sizes = sizes { ($0.layers, $0.width, $0.dropout) = (2, 24, 0.25) }
        let text = try FittedModel.charLSTM.text(.tokens(vocabulary: 60, length: 19), .classes(18), sizes)
        #expect(
            text == """
                # texts of at most 19 of 60 tokens -> 18 classes
                name: char-lstm
                layers:
                  - embedding: {input-dimension: 60, output-dimension: 64}
                  - lstm: {units: 24, return-sequences: true}
                  - dropout: {rate: 0.25}
                  - lstm: {units: 24}
                  - dropout: {rate: 0.25}
                  - dense: {units: 18, activation: softmax}

                """)
        let model = try network(text)
        #expect(try model.build([19]) == [18] && model.positions == .reduced)
    }

    @Test func anLSTMContinuesTexts() throws {
        let text = try FittedModel.charLSTM.text(.tokens(vocabulary: 65, length: 64), .tokens(65))
        let model = try network(text)
        let buffer = try model.makeParameterBuffer(input: [64])
        // The embedding, two layers of 128, and the output.
        #expect(
            buffer.trainableScalarCount == 65 * 64 + 4 * 128 * (64 + 128 + 1) + 4 * 128 * (128 + 128 + 1) + 129 * 65)
        #expect(try model.build([64]) == [64, 65] && model.positions == .sequence)
    }

    @Test func aTransformerReadsTexts() throws {
        let sizes = sizes { ($0.layers, $0.heads, $0.width, $0.dropout) = (1, 2, 16, 0.5) }
        let text = try FittedModel.textTransformer.text(.tokens(vocabulary: 30, length: 12), .binary, sizes)
        #expect(
            text == """
                # texts of at most 12 of 30 tokens -> yes or no
                name: text-transformer
                layers:
                  - embedding: {input-dimension: 30, output-dimension: 16}
                  - position-embedding: {length: 12}
                  - dropout: {rate: 0.5}
                  - transformer-block: {heads: 2, width: 16, dropout: 0.5}
                  - layer-normalization
                  - global-average-pooling1d
                  - dropout: {rate: 0.5}
                  - dense: {units: 1, activation: sigmoid}

                """)
        let model = try network(text)
        #expect(try model.build([12]) == [1] && model.positions == .reduced)
    }

    @Test func aResidualNetworkReadsTables() throws {
        let sizes = sizes { ($0.layers, $0.width, $0.dropout) = (3, 8, 0.1) }
        let text = try FittedModel.tabularResNet.text(.table(numeric: 2, categories: [9, 4]), .values(1), sizes)
        #expect(text.contains("  - column-embedding: {numeric: 2, categories: [9, 4], dimensions: [5, 2]}\n"))
        let model = try network(text)
        let buffer = try model.makeParameterBuffer(input: [4])
        let block = 2 * 8 + 9 * 16 + 17 * 8
        #expect(buffer.trainableScalarCount == 9 * 5 + 4 * 2 + 10 * 8 + 3 * block + 2 * 8 + 9)
        #expect(model.allLayers().count { $0.layer is Dropout } == 6)
        #expect(try network(FittedModel.tabularResNet.text(.samples([7]), .classes(3))).build([7]) == [3])
    }

    @Test func anAutoencoderGivesItsShapeBack() throws {
        let sizes = sizes { $0.hidden = [20, 10, 3] }
        let text = try FittedModel.autoencoder.text(
            .samples([6, 5, 1]), .inputs([6, 5, 1], arePixels: true), sizes)
        #expect(
            text == """
                # samples of shape [6, 5, 1] -> the same
                name: autoencoder
                layers:
                  - flatten
                  - dense: {units: 20, activation: relu}
                  - dense: {units: 10, activation: relu}
                  - dense: {units: 3}
                  - dense: {units: 10, activation: relu}
                  - dense: {units: 20, activation: relu}
                  - dense: {units: 30, activation: sigmoid}
                  - reshape: {target-shape: [6, 5, 1]}

                """)
        #expect(try network(text).build([6, 5, 1]) == [6, 5, 1])
        let row = try FittedModel.autoencoder.text(.samples([9]), .inputs([9], arePixels: false))
        #expect(try network(row).build([9]) == [9] && row.hasSuffix("  - dense: {units: 9}\n"))
    }

    /// The answer depends on the first row of the window and on the last.
    @Test(arguments: [1, 2, 3, 4, 28, 64]) func convolutionsSeeTheWholeWindow(rows: Int) throws {
        let text = try FittedModel.conv1D.text(.window(rows: rows, columns: 2), .forecast([3]))
        let model = try network(text)
        let buffer = try model.makeParameterBuffer(input: [rows, 2], seed: 1)
        for index in buffer.trainable { buffer.values.pointer[index] = abs(buffer.values.pointer[index]) }
        func output(_ changed: Int) -> [Float] {
            var values = [Float](repeating: 1, count: 2 * rows)
            if changed >= 0 { values[2 * changed] = 3 }
            return model(Tape(.inference).constant(Tensor(values).reshaped([1, rows, 2]))).value.scalars
        }
        for row in Set([0, rows - 1]) { #expect(output(row) != output(-1), "row \(row)") }
        #expect(try model.build([rows, 2]) == [3])
        let several = try FittedModel.conv1D.text(.window(rows: 9, columns: 1), .forecast([3, 2]))
        #expect(try network(several).build([9, 1]) == [3, 2])
    }

    @Test func automaticModelsHaveNamesToo() throws {
        let input = AutomaticModel.Input.table(numeric: 3, categories: [])
        #expect(try FittedModel.tabularMLP.text(input, .binary) == AutomaticModel(input, .binary).text)
        let texts = AutomaticModel.Input.tokens(vocabulary: 9, length: 5)
        let sizes = sizes { $0.hidden = [7] }
        #expect(try FittedModel.textCNN.text(texts, .binary, sizes) == AutomaticModel(texts, .binary, hidden: [7]).text)
    }

    @Test(arguments: [
        (FittedModel.charLSTM, AutomaticModel.Input.samples([28, 28, 1]), AutomaticModel.Output.classes(10)),
        (.textTransformer, .tokens(vocabulary: 9, length: 5), .tokens(9)), (.textCNN, .samples([4]), .binary),
        (.textCNN, .tokens(vocabulary: 9, length: 5), .tokens(9)), (.tabularMLP, .window(rows: 3, columns: 1), .binary),
        (.tabularResNet, .samples([8, 8, 1]), .classes(2)),
        (.tabularResNet, .window(rows: 3, columns: 1), .forecast([1])),
        (.autoencoder, .samples([28, 28, 1]), .classes(10)), (.conv1D, .samples([5]), .values(1)),
        (.conv1D, .tokens(vocabulary: 9, length: 5), .tokens(9)),
    ])
    func whatDoesNotFitIsRefused(
        model: FittedModel, input: AutomaticModel.Input, output: AutomaticModel.Output
    ) throws {
        do throws(ModelFileError) {
            let text = try model.text(input, output)
            Issue.record("\(text)")
        } catch {
            #expect(
                error.description.hasPrefix("\(model.rawValue): ") && error.description.contains("got "), "\(error)")
        }
    }
}
