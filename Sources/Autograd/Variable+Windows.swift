// Pooling and dropout.

import Tensors

extension Variable {
    /// The largest element of each window: `[batch, height, width, channels] -> [batch, height', width', channels]`.
    package func maxPooled(_ options: PoolingOptions) -> Variable {
        let pooling = Pooling(input: shape, options: options)
        let output = pooling.maximum(value)
        return tape.record(output, self) { g in
            receive(pooling.maximumGradient(g, input: value, output: output))
        }.marked(kind.afterScaling)
    }

    /// The mean of each window; positions in the padding do not count unless the options say so.
    package func averagePooled(_ options: PoolingOptions) -> Variable {
        if options.countsPadding, case .explicit(let top, let bottom, let left, let right) = options.padding {
            let (output, _) = options.resolve(shape[1], shape[2])
            var inner = options
            inner.padding = .valid
            inner.countsPadding = false
            let pooled = zeroPadded(axis: 1, top, bottom).zeroPadded(axis: 2, left, right).averagePooled(inner)
            // A window that begins in the padding behind the image counts no more than without it.
            return pooled.sliced(axis: 1, 0..<output.height).sliced(axis: 2, 0..<output.width)
        }
        let pooling = Pooling(input: shape, options: options)
        return tape.record(pooling.average(value), self) { g in receive(pooling.averageGradient(g)) }
            .marked(like: self)
    }

    /// In training, zeroes each element with probability `rate` and divides the others by `1 - rate`; the identity in
    /// inference (Srivastava et al. 2014).
    public func dropout(rate: Float) -> Variable {
        require(rate >= 0 && rate < 1, "dropout: rate \(rate) is outside 0 ..< 1")
        guard tape.mode == .training, rate > 0 else { return self }
        let key = tape.nextRandomKey()
        let place = place
        return tape.record(value.dropout(rate: rate, key: key), self) { g in
            place.receive(g.dropout(rate: rate, key: key))
        }
        .marked(like: self).masked(mask)
    }
}
