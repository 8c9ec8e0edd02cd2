// Operations of a user's own, with their way back. Examples/OwnLayer is the example; our own operations use `record`,
// which lets kernels write into the gradient buffer.

import Tensors

extension Tape {
    /// The result of an operation of your own: a value that you have computed from `parents`, and how gradients go back.
    ///
    ///     func squaredReLU(_ x: Variable) -> Variable {
    ///         let positive = x.tape.constant(x.value).relu.value
    ///         return x.tape.operation("squaredReLU", [x], value: positive * positive) { gradient in
    ///             [gradient * (positive + positive)]
    ///         }
    ///     }
    ///
    /// What is computed from a `constant` is not recorded, so that every function of `Variable` is at hand. A stochastic operation draws with `nextRandomKey`, one that takes row numbers checks
    /// them with `checkedIndices`, one with running statistics hands them to `observe`.
    ///
    /// - Parameters:
    ///   - name: for messages.
    ///   - parents: what the result depends on, variables of this tape.
    ///   - gradients: called at most once, in `backward`, with the gradient of the result (of its shape), and not at all
    ///     in inference or where no parent `needsGradient`. Returns for each parent, in order, the gradient with respect
    ///     to it, of its shape; nil where none flows.
    public func operation(
        _ name: String, _ parents: [Variable], value: Tensor, gradients: @escaping (_ gradient: Tensor) -> [Tensor?]
    ) -> Variable {
        require(parents.allSatisfy { $0.tape === self }, "operation \(name): a parent belongs to another tape")
        return record(Tensor(value, computingIn: workspace), parents) { gradient in
            let found = gradients(gradient)
            require(
                found.count == parents.count,
                "operation \(name): expected \(parents.count) gradients, one for each parent, got \(found.count)")
            for (index, (parent, gradient)) in zip(parents, found).enumerated() {
                guard let gradient else { continue }
                require(
                    gradient.shape == parent.shape,
                    "operation \(name): gradient \(index) has shape \(gradient.shape), its parent \(parent.shape)")
                parent.receive(gradient)
            }
        }
    }

    /// `values [batch, ...]` where all are whole numbers in `0 ..< count`. Otherwise the pass is refused: no rank makes
    /// this step's update, and all throw an error that names the sample; meanwhile 0 stands in for what can't be used.
    /// A layer that looks up rows says so by `indexLimit` or `columnLimits`.
    ///
    /// - Parameter kind: what a value is, for the message.
    public func checkedIndices(_ values: Tensor, below count: Int, kind: String = "index") -> Tensor {
        checked(values, .numbers(below: count), kind)
    }
}
