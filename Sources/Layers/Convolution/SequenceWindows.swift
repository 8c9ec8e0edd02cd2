// How windows move along a sequence, and which positions of the result a sample has. For convolution and pooling in one
// dimension.

import Autograd
import Tensors

/// What happens at the ends of a sequence.
public enum SequencePadding: Sendable, Hashable {
    /// Windows lie inside the sequence: `out = (in - window) / stride + 1`, rounded down.
    case valid
    /// Zeros at both ends so that `out = in / stride`, rounded up; the odd one goes to the end, as in TensorFlow.
    case same
    /// Zeros before the first position, one fewer than a window is long: no result depends on later positions.
    case causal
    /// As many zeros before and after: PyTorch's.
    case explicit(before: Int, after: Int)

    /// As many zeros at both ends.
    package static func explicit(_ both: Int) -> SequencePadding { .explicit(before: both, after: both) }
}

/// Windows of `length` positions, `stride` apart.
struct SequenceWindows: Sendable {
    var length: Int
    var stride: Int
    var padding: SequencePadding
    /// Whether a last window counts that hangs over the end: of pooling.
    var isCeiled = false
    /// Whether explicit padding counts in a mean.
    var countsPadding = false

    /// The zeros that they meet at the ends of `positions`.
    ///
    /// - Parameter isMasked: then `same` pads as for a number of positions that the stride divides, so that where windows
    ///   lie does not depend on how long the padding of the batch is.
    func padding(for positions: Int, isMasked: Bool) -> Padding.Axis {
        switch padding {
        case .valid: return .valid
        case .same where isMasked:
            let before = max(0, length - stride) / 2
            let output = (positions + stride - 1) / stride
            return .explicit(before: before, after: max(0, (output - 1) * stride + length - positions - before))
        case .same: return .same
        case .causal: return .explicit(before: length - 1, after: 0)
        case .explicit(let before, let after): return .explicit(before: before, after: after)
        }
    }

    /// The mask of `outputs` results from that of the input, `[batch, positions] -> [batch, outputs]`: a sample has the
    /// results that it would have alone, without padding.
    func mask(_ mask: Tensor, outputs: Int) -> Tensor {
        // A result is there where the position is that must be.
        let last =
            switch padding {
            case .valid: length - 1
            case .same, .causal: 0
            case .explicit(let before, let after): length - 1 - before - after
            }
        let (samples, positions) = (mask.shape[0], mask.shape[1])
        let rows = mask.scalars
        var result: [Float] = []
        result.reserveCapacity(samples * outputs)
        for sample in 0..<samples {
            for output in 0..<outputs {
                let place = min(max(output * stride + last, 0), positions - 1)
                result.append(rows[sample * positions + place])
            }
        }
        return Tensor(result).reshaped([samples, outputs])
    }

    /// The input as windows want it: without what stands at masked positions, and where it is shorter than a window, which
    /// a batch of short samples may be, with masked positions behind.
    func prepared(_ input: Variable) -> Variable {
        let missing =
            switch padding {
            case .valid: length - input.shape[1]
            case .explicit(let before, let after): length - input.shape[1] - before - after
            case .same, .causal: 0
            }
        guard missing > 0 else { return input.keptWhereUnmasked }
        let tape = input.tape
        let (samples, channels) = (input.shape[0], input.shape[2])
        let mask = input.mask ?? Tensor(repeating: 1, [samples, input.shape[1]])
        return Variable.concatenated(
            [input.keptWhereUnmasked, tape.constant(.zeros([samples, missing, channels], in: tape.workspace))], axis: 1
        ).masked(.concatenated([mask, .zeros([samples, missing])], axis: 1))
    }

    /// How many results samples of shape `input` have; throws where a layer can't have that input.
    func outputs(_ input: Shape, layer: String) throws(ShapeError) -> Int {
        guard length > 0, stride > 0 else {
            throw ShapeError("\(layer): window and strides must be positive, got \(length) and \(stride)")
        }
        guard padding(for: 1, isMasked: false).isPossible else {
            throw ShapeError("\(layer): expected padding of 0 or more, got \(padding)")
        }
        guard input.rank == 2, input[1] > 0 else {
            throw ShapeError("\(layer): expected input [positions, channels], got \(input)")
        }
        let axis = padding(for: input[0], isMasked: false)
        let found = axis.resolve(input: input[0], window: length, stride: stride, isCeiled: isCeiled)
        guard found.output > 0 else {
            throw ShapeError("\(layer): a window of \(length) positions is longer than input \(input)")
        }
        let padded = Shape([input[0] + found.before + found.after, input[1]])
        guard Shape.count(of: padded.dimensions) != nil else {
            throw ShapeError("\(layer): input \(input) is too large with its padding, \(padded)")
        }
        return found.output
    }
}
