// The summary table, character by character, with the frame and wording of Keras 3.

import Autograd
import Layers
import Tensors
import Testing

private final class Classifier: Layer {
    let hidden = Dense(64, activation: .relu)
    let output = Dense(10)
    var children: [(String, any Layer)] { [("hidden", hidden), ("output", output)] }
    func call(_ input: Variable) -> Variable { output(hidden(input.flattened)) }
}

@Suite struct SummaryTests {
    @Test func convolutionalModel() throws {
        let model = Sequential([
            Conv2D(32, kernelSize: 3, activation: .relu), MaxPooling2D(2), Flatten(), Dense(128, activation: .relu),
            Dense(10, activation: .softmax),
        ])
        let expected = """
            Model: "sequential"
            ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
            ┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
            ┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
            │ conv2d (Conv2D)                 │ (None, 26, 26, 32)     │           320 │
            ├─────────────────────────────────┼────────────────────────┼───────────────┤
            │ max_pooling2d (MaxPooling2D)    │ (None, 13, 13, 32)     │             0 │
            ├─────────────────────────────────┼────────────────────────┼───────────────┤
            │ flatten (Flatten)               │ (None, 5408)           │             0 │
            ├─────────────────────────────────┼────────────────────────┼───────────────┤
            │ dense (Dense)                   │ (None, 128)            │       692,352 │
            ├─────────────────────────────────┼────────────────────────┼───────────────┤
            │ dense_1 (Dense)                 │ (None, 10)             │         1,290 │
            └─────────────────────────────────┴────────────────────────┴───────────────┘
             Total params: 693,962 (2.65 MB)
             Trainable params: 693,962 (2.65 MB)
             Non-trainable params: 0 (0.00 B)

            """
        #expect(try model.summary(input: [28, 28, 1]) == expected)
    }

    @Test func customModelShowsItsChildren() throws {
        let expected = """
            Model: "digits"
            ┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
            ┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
            ┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
            │ hidden (Dense)                  │ ?                      │        50,240 │
            ├─────────────────────────────────┼────────────────────────┼───────────────┤
            │ output (Dense)                  │ ?                      │           650 │
            └─────────────────────────────────┴────────────────────────┴───────────────┘
             Total params: 50,890 (198.79 KB)
             Trainable params: 50,890 (198.79 KB)
             Non-trainable params: 0 (0.00 B)

            """
        #expect(try Classifier().summary(input: [28, 28, 1], name: "digits") == expected)
    }

    @Test func statisticsAndSharedLayersInTheTotals() throws {
        let shared = Dense(4)
        let text = try Sequential([shared, BatchNormalization(), shared]).summary(input: [4])
        // 20 once, 8 trainable and 8 moving.
        #expect(text.contains(" Total params: 36 (144.00 B)\n"))
        #expect(text.contains(" Trainable params: 28 (112.00 B)\n"))
        #expect(text.contains(" Non-trainable params: 8 (32.00 B)\n"))
    }

    @Test func aSingleLayerAndAWideTable() throws {
        let text = try Dense(3).summary(input: [1_000_000], name: "a_name_that_is_longer_than_the_column_is_wide")
        let lines = text.split(separator: "\n")
        #expect(
            lines[4]
                == "│ a_name_that_is_longer_than_the_column_is_wide (Dense) │ (None, 3)              │     3,000,003 │")
        #expect(Set(lines[1...5].map(\.count)).count == 1)
        #expect(text.contains("Total params: 3,000,003 (11.44 MB)"))
        // A kilobyte is 1,024 bytes.
        #expect(try Dense(1, useBias: false).summary(input: [255]).contains("Total params: 255 (1020.00 B)"))
        #expect(try Dense(1, useBias: false).summary(input: [256]).contains("Total params: 256 (1.00 KB)"))
    }

    @Test func shapesThatDoNotFitAreReported() {
        #expect(throws: ShapeError.self) { try Sequential([Conv2D(2, kernelSize: 3)]).summary(input: [28, 28]) }
    }
}

@Suite struct GraphSummaryTests {
    private func residual() throws -> Graph {
        let x = Graph.input([8, 8, 4])
        let shared = Conv2D(4, kernelSize: 3, padding: .same)
        let y = shared(Activation(.relu)(shared(x)))
        return try Graph(inputs: [x], outputs: [Flatten()(Add()([y, x]))])
    }

    @Test func connectionsHaveAColumn() throws {
        let expected = """
            Model: "block"
            ┏━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
            ┃ Layer (type)            ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
            ┡━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
            │ input (Input)           │ (None, 8, 8, 4)   │          0 │ -                 │
            ├─────────────────────────┼───────────────────┼────────────┼───────────────────┤
            │ conv2d (Conv2D)         │ (None, 8, 8, 4)   │        148 │ input             │
            ├─────────────────────────┼───────────────────┼────────────┼───────────────────┤
            │ activation (Activation) │ (None, 8, 8, 4)   │          0 │ conv2d            │
            """
        let lines = try residual().summary(input: [8, 8, 4], name: "block").split(separator: "\n")
        #expect(lines.prefix(9) == expected.split(separator: "\n")[...], "\(lines.prefix(9))")
        let rest = lines.joined(separator: "\n")
        #expect(rest.contains("│ conv2d[1] (Conv2D)"))
        #expect(rest.contains("│     shared │ activation"))
        #expect(rest.contains("│ conv2d[1], input "))
        #expect(rest.contains("Total params: 148 (592.00 B)"))
    }

    @Test func aDrawingHasABoxForEachPartAndAnArrowForEachConnection() throws {
        let svg = try residual().drawing(input: [8, 8, 4], name: "a < b")
        #expect(svg.hasPrefix("<svg xmlns=\"http://www.w3.org/2000/svg\"") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains("<title>a &lt; b</title>"))
        // The page and its parts.
        #expect(svg.ranges(of: "<rect ").count == 1 + 6)
        #expect(svg.ranges(of: "marker-end=").count == 6)
        #expect(svg.contains("8 x 8 x 4, 148 parameters") && svg.contains("8 x 8 x 4, shared"))
        let row = try Sequential([Dense(3), Dense(1)]).drawing(input: [2])
        #expect(row.ranges(of: "marker-end=").count == 1)
    }
}
