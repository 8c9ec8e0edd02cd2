// Batch normalisation over all axes but the last, in few passes over memory: the bits of the operations it is made of.

import CKernels

extension Tensor {
    /// Mean and mean squared distance from it, of each column of the last axis: `[..., n] -> [n]`, n > 1.
    package func columnMoments() -> (mean: Tensor, variance: Tensor) {
        let (rows, width) = columns
        let workspace = resultWorkspace(self)
        let mean = Tensor(uninitialized: [width], in: workspace)
        let variance = Tensor(uninitialized: [width], in: workspace)
        lk_moments(mean.pointer, variance.pointer, pointer, Int64(rows), Int64(width))
        return (mean, variance)
    }

    /// `(self - mean) / deviation * gamma + beta`, plus `addend` of the same shape; then ReLU, if wanted.
    package func normalized(
        mean: Tensor, deviation: Tensor, gamma: Tensor, beta: Tensor, adding addend: Tensor?, relu: Bool
    ) -> Tensor {
        let (rows, width) = columns
        require(addend == nil || addend!.shape == shape, "normalized: shapes \(shape) and \(addend!.shape) differ")
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_normalize(
            result.pointer, pointer, mean.pointer, deviation.pointer, gamma.pointer, beta.pointer, addend?.pointer,
            Int64(rows), Int64(width), relu ? 1 : 0)
        return result
    }

    /// Self being the gradient of what `normalized` made of `input`: those of the input, of gamma and of beta. Becomes the
    /// gradient of the addend.
    ///
    /// - Parameters:
    ///   - output: the result, where it went through ReLU.
    ///   - wantsInput: whether that of the input is wanted.
    package mutating func normalizationGradients(
        _ input: Tensor, output: Tensor?, mean: Tensor, deviation: Tensor, gamma: Tensor, wantsInput: Bool
    ) -> (input: Tensor?, gamma: Tensor, beta: Tensor) {
        let (rows, width) = columns
        var rectified = output
        // The kernel clears in place, which only memory of one's own allows.
        if let output, !isUniquelyReferenced() {
            clearGradient(ofReLU: output)
            rectified = nil
        }
        let workspace = resultWorkspace(input)
        let result = wantsInput ? Tensor(uninitialized: shape, in: workspace) : nil
        let gammaGradient = Tensor(uninitialized: [width], in: workspace)
        let betaGradient = Tensor(uninitialized: [width], in: workspace)
        lk_normalize_gradient(
            result?.pointer, gammaGradient.pointer, betaGradient.pointer, pointer, rectified?.pointer, input.pointer,
            mean.pointer, deviation.pointer, gamma.pointer, Int64(rows), Int64(width))
        return (result, gammaGradient, betaGradient)
    }

    private var columns: (rows: Int, width: Int) {
        require(shape.rank > 0 && shape[-1] > 1 && count > 0, "batch normalisation: no columns in shape \(shape)")
        return (count / shape[-1], shape[-1])
    }
}
