// What windows meet at an image's border. Convolutions and pooling ask for the lengths that follow.

/// What happens at an image's border.
public enum Padding: Sendable, Hashable {
    /// Windows lie inside the image: `out = (in - window) / stride + 1`, rounded down.
    case valid
    /// Zeros around the image so that `out = in / stride`, rounded up; the odd one goes to the end, as in TensorFlow.
    case same
    /// As many rows and columns of zeros, 0 or more: PyTorch's and ONNX's.
    case explicit(top: Int, bottom: Int, left: Int, right: Int)

    /// As many rows of zeros above and below, and as many columns on both sides.
    public static func explicit(_ both: Pair) -> Padding {
        .explicit(top: both.height, bottom: both.height, left: both.width, right: both.width)
    }

    /// What that means for one axis.
    package enum Axis: Sendable, Hashable {
        case valid, same
        case explicit(before: Int, after: Int)
    }

    package var rows: Axis {
        switch self {
        case .valid: .valid
        case .same: .same
        case .explicit(let top, let bottom, _, _): .explicit(before: top, after: bottom)
        }
    }

    package var columns: Axis {
        switch self {
        case .valid: .valid
        case .same: .same
        case .explicit(_, _, let left, let right): .explicit(before: left, after: right)
        }
    }

    /// Of an image of one row, as a sequence is one.
    package init(columns: Axis) {
        switch columns {
        case .valid: self = .valid
        case .same: self = .same
        case .explicit(let before, let after): self = .explicit(top: 0, bottom: 0, left: before, right: after)
        }
    }
}

extension Padding.Axis {
    /// The output length of one axis, 0 where the window does not fit, and the padding before and after it.
    ///
    /// - Parameter isCeiled: whether a last window counts that hangs over the end, as long as it begins before it.
    package func resolve(
        input: Int, window: Int, stride: Int, isCeiled: Bool = false
    ) -> (output: Int, before: Int, after: Int) {
        switch self {
        case .same:
            let output = (input + stride - 1) / stride
            let total = Swift.max(0, (output - 1) * stride + window - input)
            return (output, total / 2, total - total / 2)
        case .valid:
            return Padding.Axis.explicit(before: 0, after: 0).resolve(
                input: input, window: window, stride: stride, isCeiled: isCeiled)
        case .explicit(let before, let after):
            let room = input + before + after - window
            var output = room < 0 ? 0 : room / stride + 1
            if isCeiled, room >= 0, room % stride != 0, output * stride < input + before { output += 1 }
            return (output, before, after)
        }
    }

    /// Nothing of it is negative.
    package var isPossible: Bool {
        if case .explicit(let before, let after) = self { before >= 0 && after >= 0 } else { true }
    }

    /// No place of it is further from the border than a window of this length reaches.
    package func isBelow(_ window: Int) -> Bool {
        if case .explicit(let before, let after) = self { before < window && after < window } else { true }
    }
}
