// A model of many kinds of layers from a file: the same bits on any layout, and when it stops in the middle and goes on.

import TestSupport
import Testing

extension CommandTests {
    struct ManyLayersTests {
        private static let model = """
            layers:
              - rescaling: {scale: 2, offset: -1}
              - zero-padding2d: {padding: [[1, 0], [0, 1]]}
              - conv2d: {filters: 8, kernel-size: [3, 5], strides: [2, 3], padding: [1, 2], activation: elu}
              - batch-normalization: {scale: false}
              - depthwise-conv2d: {kernel-size: 3, padding: same, depth-multiplier: 2}
              - group-normalization: {groups: 4}
              - prelu: {shared-axes: [1, 2]}
              - max-pooling2d: {pool-size: [3, 2], ceil-mode: true}
              - spatial-dropout2d: {rate: 0.2}
              - conv2d-transpose: {filters: 6, kernel-size: 3, strides: 2, padding: same, activation: hard-swish}
              - separable-conv2d: {filters: 8, kernel-size: 2, activation: mish}
              - reshape: {target-shape: [-1, 8]}
              - conv1d: {filters: 8, kernel-size: 5, strides: 2, padding: causal, activation: selu}
              - average-pooling1d: {pool-size: 3, padding: same}
              - rms-normalization
              - glu: {activation: silu}
              - gaussian-noise: {stddev: 0.1}
              - global-average-pooling1d
              - layer-normalization: {center: false}
              - dense: {units: 10, activation: softmax}
            """

        @Test func weightsAreTheSameOnAnyLayoutAndAfterAStop() throws {
            try withTemporaryFolder { folder in
                try write(Self.model, to: folder + "/many.yaml")
                let arguments = [
                    "--model", folder + "/many.yaml", "--shards", "8", "--batch-size", "50", "--limit-train-batches",
                    "6",
                ]
                let whole = arguments + ["--epochs", "2"]
                let expected = try train(whole, run: folder + "/plain")
                for (ranks, threads) in [(1, 2), (2, 1), (3, 2)] {
                    let fingerprint = try train(
                        ranks: ranks, threads: threads, whole, run: "\(folder)/\(ranks)-\(threads)")
                    #expect(fingerprint == expected, "\(ranks) ranks x \(threads) threads")
                }
                let stopped = try train(arguments + ["--epochs", "1"], run: folder + "/stopped")
                #expect(stopped != expected)
                #expect(try train(ranks: 2, whole + ["--resume", "auto"], run: folder + "/stopped") == expected)
            }
        }
    }
}
