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
        var lines = ["# \(blocks) blocks a stage -> \(output.text)", "name: resnet\(depth)", "layers:"]
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
        lines.append("  - global-average-pooling2d")
        lines += output.layers(classInitializer: "he-normal").map { "  - " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Blocks that keep the picture's size.
    private func appendBlocks(_ count: Int, _ filters: Int, to lines: inout [String]) {
        guard count > 0 else { return }
        lines += ["  - repeat:", "      times: \(count)", "      layers:", "        - residual:"]
        for layer in branch(filters, strides: 1) { lines.append("            - " + layer) }
        lines.append("        - " + relu)
    }

    /// The network of nine layers that Page 2018 ("How to train your ResNet") trained on CIFAR-10 in little time, at a quarter
    /// of its width: four convolutions with 16 to 128 filters, the last three of which halve the picture by pooling, two of
    /// them with a residual block, the largest value over the picture, and a dense layer.
    var shallowText: String {
        var lines = ["# for little time -> \(output.text)", "name: resnet9", "layers:"]
        func append(_ filters: Int, _ indent: String = "") {
            for layer in [convolution(filters, size: 3, strides: 1), normalization, relu] {
                lines.append(indent + "  - " + layer)
            }
        }
        append(16)
        for (filters, hasBlock) in [(32, true), (64, false), (128, true)] {
            append(filters)
            lines.append("  - max-pooling2d: {pool-size: 2}")
            if !hasBlock { continue }
            lines.append("  - residual:")
            append(filters, "    ")
            append(filters, "    ")
        }
        lines.append("  - global-max-pooling2d")
        lines += output.layers(classInitializer: "he-normal").map { "  - " + $0 }
        return lines.joined(separator: "\n") + "\n"
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
}
