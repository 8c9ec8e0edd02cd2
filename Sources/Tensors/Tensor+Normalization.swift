// Layer normalisation of a tensor's last axis.

import CKernels

extension Tensor {
    /// (x - mean) / sqrt(variance + epsilon) * gamma + beta over the last axis, and of each row mean and 1 / root
    /// `[rows, 2]`.
    package func normalizedRows(gamma: Tensor?, beta: Tensor?, epsilon: Float) -> (output: Tensor, statistics: Tensor) {
        let width = shape[-1]
        let rows = count / Swift.max(1, width)
        let workspace = resultWorkspace(self)
        let output = Tensor(uninitialized: shape, in: workspace)
        let statistics = Tensor(uninitialized: [rows, 2], in: workspace)
        workspace.withScratch(width + 16) {
            lk_normalize_rows(
                output.pointer, statistics.pointer, pointer, gamma?.pointer, beta?.pointer, Int64(rows), Int64(width),
                epsilon, $0)
        }
        return (output, statistics)
    }

    /// With self = x: the gradient in x for the upstream gradient, and what its column sums are gamma's; nil where it is
    /// not wanted.
    package func normalizedRowsGradient(
        _ upstream: Tensor, statistics: Tensor, gamma: Tensor?, ofSelf: Bool, ofGamma: Bool
    ) -> (ofSelf: Tensor?, products: Tensor?) {
        let width = shape[-1]
        let workspace = resultWorkspace(self)
        let result = ofSelf ? Tensor(uninitialized: shape, in: workspace) : nil
        let products = ofGamma ? Tensor(uninitialized: shape, in: workspace) : nil
        workspace.withScratch(2 * (width + 16)) {
            lk_normalize_rows_gradient(
                result?.pointer, products?.pointer, statistics.pointer, pointer, gamma?.pointer, upstream.pointer,
                Int64(count / Swift.max(1, width)), Int64(width), $0)
        }
        return (result, products)
    }
}
