// What the values of a variable can be, by the operations that made it: a loss must know whether a network's outputs are
// logits or probabilities. Every operation says what it makes of its operands; `Layer` adds who did it.

/// What kind of numbers a variable holds.
package enum OutputKind: Sendable, Hashable {
    /// Any real number, as a product with parameters or a shift by parameters gives: logits, or values.
    case logits
    /// Probabilities that add up to 1 over the last axis.
    case softmax
    /// Numbers between 0 and 1, each a probability of its own.
    case sigmoid
    /// What a function of this name leaves, of a narrower range than the real numbers, e.g. `relu`.
    case function(String)
    /// Nothing is known: inputs, and arithmetic without parameters.
    case unknown

    static let relu = OutputKind.function("relu")
    static let gelu = OutputKind.function("gelu")

    /// Of `a + b`, `a - b`, `a * b` and `a / b`: any real number in one of them makes any of it.
    static func combined(_ a: OutputKind, _ b: OutputKind) -> OutputKind {
        a == .logits || b == .logits ? .logits : .unknown
    }

    /// Of a scaled, shifted or added-up variable: what added up to 1 does no more.
    var afterScaling: OutputKind {
        switch self {
        case .softmax, .sigmoid: .unknown
        case .logits, .function, .unknown: self
        }
    }
}

extension Variable {
    /// This variable as one of another kind.
    package func marked(_ kind: OutputKind) -> Variable {
        var result = self
        (result.kind, result.maker) = (kind, nil)
        return result
    }

    /// This variable as one of the kind of `other`, made by the same layer: the same values in another arrangement.
    func marked(like other: Variable) -> Variable {
        var result = self
        (result.kind, result.maker) = (other.kind, other.maker)
        return result
    }

    /// This variable as made by `layer`, unless a part of it has made it.
    package func made(by layer: AnyObject) -> Variable {
        if maker != nil { return self }
        var result = self
        result.maker = ObjectIdentifier(layer)
        return result
    }
}
