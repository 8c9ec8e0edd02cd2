// Residual networks for small pictures, written as a model file.

/// The residual network of depth 6 n + 2 that He et al. 2015 (section 4.2) trained on CIFAR-10: a convolution, three
/// stages of n blocks of two convolutions with 16, 32 and 64 filters, the mean over the picture, and a dense layer. The
/// first block of the second and third stage halves the picture, and its shortcut is a convolution of 1 x 1 (option B).
/// Any picture of 16 x 16 and more will do, of any number of channels.
struct ResidualNetwork {
    /// 20, 32, 44, 56 and so on.
    let depth: Int
    let output: AutomaticModel.Output

    init(depth: Int, _ output: AutomaticModel.Output) { (self.depth, self.output) = (depth, output) }

    var text: String {
        let blocks = (depth - 2) / 6
        var lines = ["# \(blocks) blocks a stage -> \(outputText)", "name: resnet\(depth)", "layers:"]
        for layer in [convolution(16, size: 3, strides: 1), normalization, relu] { lines.append("  - " + layer) }
        appendBlocks(blocks, 16, to: &lines)
        for filters in [32, 64] {
            lines += ["  - residual:", "      layers:"]
            for layer in branch(filters, strides: 2) { lines.append("        - " + layer) }
            lines.append("      shortcut:")
            for layer in [convolution(filters, size: 1, strides: 2), normalization] {
                lines.append("        - " + layer)
            }
            lines.append("  - " + relu)
            appendBlocks(blocks - 1, filters, to: &lines)
        }
        lines += ["  - global-average-pooling2d", "  - " + outputLayer]
        return lines.joined(separator: "\n") + "\n"
    }

    /// Blocks that keep the picture's size.
    private func appendBlocks(_ count: Int, _ filters: Int, to lines: inout [String]) {
        guard count > 0 else { return }
        lines += ["  - repeat:", "      times: \(count)", "      layers:", "        - residual:"]
        for layer in branch(filters, strides: 1) { lines.append("            - " + layer) }
        lines.append("        - " + relu)
    }

    private func branch(_ filters: Int, strides: Int) -> [String] {
        [
            convolution(filters, size: 3, strides: strides), normalization, relu,
            convolution(filters, size: 3, strides: 1), normalization,
        ]
    }

    private let normalization = "batch-normalization: {momentum: 0.9, epsilon: 1e-5}"
    private let relu = "activation: {function: relu}"

    private func convolution(_ filters: Int, size: Int, strides: Int) -> String {
        "conv2d: {filters: \(filters), kernel-size: \(size), \(strides == 1 ? "" : "strides: \(strides), ")padding: same, "
            + "use-bias: false, kernel-initializer: he-normal}"
    }

    private var outputLayer: String {
        switch output {
        case .classes(let count): "dense: {units: \(count), activation: softmax, kernel-initializer: he-normal}"
        case .binary: "dense: {units: 1, activation: sigmoid}"
        case .values(let count): "dense: {units: \(count)}"
        case .forecast(let lengths), .array(let lengths): "dense: {units: \(lengths.reduce(1, *))}"
        }
    }

    private var outputText: String {
        switch output {
        case .classes(let count): "\(count) classes"
        case .binary: "yes or no"
        case .values(let count): count == 1 ? "a number" : "\(count) numbers"
        case .forecast(let lengths), .array(let lengths): "\(lengths.reduce(1, *)) numbers"
        }
    }
}
