// A convolutional forecaster of series, written as a model file.

extension FittedModel {
    /// Causal convolutions of three taps whose distance doubles from one to the next (van den Oord et al. 2016), and a dense
    /// layer on what the window's last row sees.
    ///
    /// Unless given: as many layers as the window's first row is to be seen with, 32 filters each.
    func causalConvolutions(
        _ input: AutomaticModel.Input, _ output: AutomaticModel.Output, _ sizes: Sizes
    ) throws(ModelFileError) -> String {
        let expected = "windows of a series, or samples [rows, columns]"
        let rows: Int
        switch (input, output) {
        case (_, .tokens), (_, .inputs): throw unfit(expected, input, output)
        case (.window(let count, _), _): rows = count
        case (.samples(let lengths), _) where lengths.count == 2: rows = lengths[0]
        default: throw unfit(expected, input, output)
        }
        var count = 1
        // The last row sees 2 (1 + 2 + 4 + ...) rows before it.
        while 2 * ((1 << count) - 1) + 1 < rows { count += 1 }
        var layers: [String] = []
        for index in 0..<(sizes.layers ?? count) {
            layers.append(
                "conv1d: {filters: \(sizes.width ?? 32), kernel-size: 3, dilation: \(1 << min(index, 20)), padding: causal, "
                    + "activation: relu}")
            layers += FittedModel.dropout(sizes.dropout)
        }
        if rows > 1 { layers.append("cropping1d: {cropping: [\(rows - 1), 0]}") }
        return file(input, output, layers + ["flatten"] + output.layers)
    }
}
