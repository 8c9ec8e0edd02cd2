// What models that fit the data say of their inputs and outputs, and the layers that an output ends with.

extension AutomaticModel.Input {
    /// In a model file's first line, and in errors.
    var text: String {
        switch self {
        case .table(let numeric, let categories): "\(numeric) numeric columns and \(categories.count) of categories"
        case .tokens(let vocabulary, let length): "texts of at most \(length) of \(vocabulary) tokens"
        case .samples(let lengths): "samples of shape \(lengths)"
        case .window(let rows, let columns): "\(rows) rows of \(columns == 1 ? "a number" : "\(columns) numbers")"
        }
    }
}

extension AutomaticModel.Output {
    var text: String {
        switch self {
        case .classes(let count): "\(count) classes"
        case .binary: "yes or no"
        case .values(let count): count == 1 ? "a number" : "\(count) numbers"
        case .array(let shape): "numbers of shape \(shape)"
        case .forecast(let shape): "the next \(shape[0])"
        case .tokens: "the token after each"
        case .inputs: "the same"
        }
    }

    /// The layers that a model ends with.
    var layers: [String] { layers() }

    /// - Parameter classInitializer: that of the kernel where there are classes.
    func layers(classInitializer: String? = nil) -> [String] {
        let own = classInitializer.map { ", kernel-initializer: \($0)" } ?? ""
        func rows(_ shape: [Int], _ activation: String = "") -> [String] {
            ["dense: {units: \(shape.reduce(1, *))\(activation)}"]
                + (shape.count > 1 ? ["reshape: {target-shape: \(shape)}"] : [])
        }
        return switch self {
        case .classes(let count): ["dense: {units: \(count), activation: softmax\(own)}"]
        case .binary: ["dense: {units: 1, activation: sigmoid}"]
        case .values(let count), .tokens(let count): ["dense: {units: \(count)}"]
        case .forecast(let shape), .array(let shape): rows(shape)
        case .inputs(let shape, let arePixels): rows(shape, arePixels ? ", activation: sigmoid" : "")
        }
    }
}
