// Models that fit the data: their text, that it is read back, and what it means.

import Autograd
import Layers
import Tensors
import Testing

import Models

@Suite struct AutomaticModelTests {
    private func network(_ model: AutomaticModel) throws -> Sequential {
        try #require(ModelFile(text: model.text).model as? Sequential)
    }

    @Test func aTable() throws {
        let model = AutomaticModel(.table(numeric: 6, categories: [9, 100, 2]), .binary, dropout: 0.25)
        #expect(
            model.text == """
                # 6 numeric columns and 3 of categories -> yes or no
                name: tabular-mlp
                layers:
                  - column-embedding: {numeric: 6, categories: [9, 100, 2], dimensions: [5, 32, 1]}
                  - dense: {units: 64, activation: relu}
                  - dropout: {rate: 0.25}
                  - dense: {units: 32, activation: relu}
                  - dropout: {rate: 0.25}
                  - dense: {units: 1, activation: sigmoid}

                """)
        #expect(try ModelFile(text: model.text).name == "tabular-mlp")
        #expect(try network(model).build([9]) == [1])
    }

    @Test func valuesInSeveralAxes() throws {
        let model = AutomaticModel(.samples([4]), .array([6, 2]))
        #expect(model.text.hasPrefix("# samples of shape [4] -> numbers of shape [6, 2]\n"))
        #expect(try network(model).build([4]) == [6, 2])
    }

    @Test func aTableOfNumbers() throws {
        let model = AutomaticModel(.table(numeric: 8, categories: []), .values(1), hidden: [16], normalization: true)
        #expect(
            model.text == """
                # 8 numeric columns and 0 of categories -> a number
                name: tabular-mlp
                layers:
                  - dense: {units: 16, use-bias: false}
                  - batch-normalization
                  - activation: {function: relu}
                  - dense: {units: 1}

                """)
        #expect(try network(model).build([8]) == [1])
    }

    @Test func anImage() throws {
        let model = AutomaticModel(.samples([28, 28, 1]), .classes(10))
        #expect(
            model.text == """
                # samples of shape [28, 28, 1] -> 10 classes
                name: image-cnn
                layers:
                  - conv2d: {filters: 32, kernel-size: 3, padding: same, activation: relu}
                  - max-pooling2d: {pool-size: 2}
                  - conv2d: {filters: 64, kernel-size: 3, padding: same, activation: relu}
                  - max-pooling2d: {pool-size: 2}
                  - flatten
                  - dense: {units: 128, activation: relu}
                  - dense: {units: 10, activation: softmax}

                """)
    }

    /// Images from the smallest to large and thin ones, and what is none.
    static let shapes: [([Int], Int, String?)] = [
        ([8, 8, 3], 1, "flatten"), ([32, 32, 3], 3, "flatten"), ([224, 224, 3], 4, "flatten"),
        ([1024, 1024, 3], 4, "flatten"),
        ([9, 1000, 1], 1, "global-average-pooling2d"), ([7, 28, 1], 0, "flatten"), ([28, 28, 5], 0, "flatten"),
        ([28, 28], 0, "flatten"), ([20], 0, nil), ([4, 3, 2, 5], 0, "flatten"),
    ]

    @Test(arguments: shapes) func everyShapeHasANetwork(shape: [Int], convolutions: Int, end: String?) throws {
        let outputs: [(AutomaticModel.Output, Shape)] = [(.classes(3), [3]), (.binary, [1]), (.values(2), [2])]
        for (output, expected) in outputs {
            for normalization in [false, true] {
                let model = AutomaticModel(.samples(shape), output, dropout: 0.5, normalization: normalization)
                #expect(model.name == (convolutions > 0 ? "image-cnn" : "tabular-mlp"))
                let network = try network(model)
                #expect(try network.build(Shape(shape)) == expected, "\(model.text)")
                #expect(network.layers.count { $0 is Conv2D } == convolutions)
                if let end { #expect(model.text.contains("- \(end)\n")) }
                let parameters = network.allParameters().reduce(0) { $0 + ($1.parameter.shape?.count ?? 0) }
                #expect(parameters < 1_500_000, "\(shape): \(parameters) parameters")
            }
        }
    }

    @Test func windowsHaveAForecast() throws {
        let plain = AutomaticModel(.window(rows: 24, columns: 2), .forecast([12]))
        #expect(
            plain.text == """
                # 24 rows of 2 numbers -> the next 12
                name: window-linear
                layers:
                  - flatten
                  - dense: {units: 12}

                """)
        #expect(try network(plain).build([24, 2]) == [12])
        let several = AutomaticModel(.window(rows: 5, columns: 1), .forecast([3, 2]), hidden: [8])
        #expect(
            several.name == "window-mlp"
                && several.text.contains("  - dense: {units: 6}\n  - reshape: {target-shape: [3, 2]}"))
        #expect(try network(several).build([5, 1]) == [3, 2])
        #expect(AutomaticModel(.window(rows: 5, columns: 1), .forecast([1]), dropout: 0.1).hidden == [64])
    }
}
