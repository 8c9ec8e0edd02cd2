// A network that fits the shape of the data, written as a model file for a user to read and edit. Whoever trains without
// being told a model asks it.

/// A small network for samples and targets of a given shape: `tabular-mlp` for tables and vectors, `image-cnn` for
/// images, `text-cnn` for texts. A pure function of its settings, the same on any machine.
///
///     let model = AutomaticModel(.table(numeric: 6, categories: [9, 16, 7]), .binary)
///     print(model.text)                               // name: tabular-mlp ...
///     let network = try ModelFile(text: model.text).model
package struct AutomaticModel: Sendable, Hashable {
    /// What a sample is.
    package enum Input: Sendable, Hashable {
        /// A row `[numeric + categories.count]`: numbers, then the numbers of categories, of which column k has
        /// `categories[k]`. Each category column becomes a vector: see `dimension(ofCategories:)`.
        case table(numeric: Int, categories: [Int])
        /// A text `[length]` of numbers of tokens below `vocabulary`.
        case tokens(vocabulary: Int, length: Int)
        /// Any array. One of three axes, the last of 1 to 4 channels and the others at least 8, is an image; others are
        /// taken as flat vectors.
        case samples([Int])
        /// Rows of a series, one after the other: `[rows, columns]`.
        case window(rows: Int, columns: Int)
    }

    /// What is to be learned.
    package enum Output: Sendable, Hashable {
        /// One of several classes: ends with softmax.
        case classes(Int)
        /// Yes or no: ends with a single sigmoid.
        case binary
        /// Numbers: ends without activation.
        case values(Int)
        /// Numbers in several axes.
        case array([Int])
        /// The rows to come: `[horizon]`, or `[horizon, targets]`.
        case forecast([Int])
        /// The token after each position of a text, of so many.
        case tokens(Int)
        /// The input itself, of a shape: numbers in 0 ... 1 where they are pixels.
        case inputs([Int], arePixels: Bool)
    }

    package var input: Input
    package var output: Output
    /// The lengths of the dense layers before the last one.
    package var hidden: [Int]
    /// The rate of dropout after each of them, 0 for none.
    package var dropout: Float
    /// Whether a batch normalisation goes before each activation but the last.
    package var normalization: Bool

    /// - Parameter hidden: by default 64 and 32 for tables and vectors, 128 for images, 64 for texts, none for windows of series.
    package init(
        _ input: Input, _ output: Output, hidden: [Int]? = nil, dropout: Float = 0, normalization: Bool = false
    ) {
        self.input = input
        self.output = output
        self.hidden = hidden ?? AutomaticModel.hidden(input, isChanged: dropout > 0 || normalization)
        self.dropout = dropout
        self.normalization = normalization
    }

    /// A window's forecast is a sum of its values unless more is asked for: on small series that rise beyond what was seen
    /// it is hard to beat (Zeng et al. 2023, "Are Transformers Effective for Time Series Forecasting?").
    private static func hidden(_ input: Input, isChanged: Bool) -> [Int] {
        if case .window = input { return isChanged ? [64] : [] }
        if case .tokens = input { return [64] }
        return image(input) == nil ? [64, 32] : [128]
    }

    /// The length of the vector for a column of `count` categories: half of them, 1 to 32.
    package static func dimension(ofCategories count: Int) -> Int { min(32, (count + 1) / 2) }

    /// The model file, which `ModelFile` reads.
    package var text: String {
        let layers = bodyLayers + hiddenLayers + output.layers
        return "# \(input.text) -> \(output.text)\nname: \(name)\nlayers:\n"
            + layers.map { "  - \($0)\n" }.joined()
    }

    /// `tabular-mlp`, `image-cnn`, `text-cnn`, `window-linear` or `window-mlp`.
    package var name: String {
        if case .tokens = input { return "text-cnn" }
        if case .window = input { return hidden.isEmpty ? "window-linear" : "window-mlp" }
        return AutomaticModel.image(input) == nil ? "tabular-mlp" : "image-cnn"
    }

    private static func image(_ input: Input) -> (height: Int, width: Int, channels: Int)? {
        guard case .samples(let lengths) = input, lengths.count == 3, min(lengths[0], lengths[1]) >= smallestSide,
            (1...4).contains(lengths[2])
        else { return nil }
        return (lengths[0], lengths[1], lengths[2])
    }

    /// The length of a token's vector.
    static let tokenDimension = 64

    /// What makes numbers of a table's columns of categories; nothing where there are none.
    static func columns(numeric: Int, _ categories: [Int]) -> [String] {
        if categories.isEmpty { return [] }
        let dimensions = categories.map(dimension)
        return ["column-embedding: {numeric: \(numeric), categories: \(categories), dimensions: \(dimensions)}"]
    }

    /// Images are halved as long as they are at least as high and wide.
    private static let smallestSide = 8
    /// Longer outputs of the last convolution are averaged over the image before the dense layers.
    private static let longestFlattened = 8192

    private var bodyLayers: [String] {
        if let image = AutomaticModel.image(input) { return convolutions(image.height, image.width) }
        switch input {
        case .table(let numeric, let categories): return AutomaticModel.columns(numeric: numeric, categories)
        case .tokens(let vocabulary, _):
            return ["embedding: {input-dimension: \(vocabulary), output-dimension: \(AutomaticModel.tokenDimension)}"]
                + activated("conv1d: {filters: 128, kernel-size: 5, padding: same") + ["global-max-pooling1d"]
        case .samples(let lengths): return lengths.count == 1 ? [] : ["flatten"]
        case .window: return ["flatten"]
        }
    }

    /// The first convolution halves images from this side on, and so on: what they cost grows with their content, not their
    /// pixels.
    private static let largeSide = 128

    /// Convolutions of 3 x 3 with 32, 64, then 128 filters, each followed by a pooling that halves the image. On a large image
    /// the first one takes steps, under a kernel that covers them.
    private func convolutions(_ height: Int, _ width: Int) -> [String] {
        var (height, width, filters) = (height, width, 16)
        var layers: [String] = []
        var strides = 1
        while min(height, width) / strides >= AutomaticModel.largeSide { strides *= 2 }
        if strides > 1 {
            filters = 32
            layers += activated(
                "conv2d: {filters: 32, kernel-size: \(2 * strides + 1), strides: \(strides), padding: same")
            layers.append("max-pooling2d: {pool-size: 2}")
            (height, width) = ((height + strides - 1) / strides / 2, (width + strides - 1) / strides / 2)
        }
        while min(height, width) >= AutomaticModel.smallestSide {
            filters = min(128, 2 * filters)
            layers += activated("conv2d: {filters: \(filters), kernel-size: 3, padding: same")
            layers.append("max-pooling2d: {pool-size: 2}")
            (height, width) = (height / 2, width / 2)
        }
        let isLong = height * width * filters > AutomaticModel.longestFlattened
        return layers + [isLong ? "global-average-pooling2d" : "flatten"]
    }

    private var hiddenLayers: [String] {
        hidden.flatMap { units in
            activated("dense: {units: \(units)") + (dropout == 0 ? [] : ["dropout: {rate: \(dropout)}"])
        }
    }

    /// A layer, whose options are still open, with ReLU.
    private func activated(_ layer: String) -> [String] {
        normalization
            ? [layer + ", use-bias: false}", "batch-normalization", "activation: {function: relu}"]
            : [layer + ", activation: relu}"]
    }
}
