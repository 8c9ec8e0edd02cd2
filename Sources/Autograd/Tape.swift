// The record of one forward pass, from which the backward pass runs. Nodes are appended as operations happen, so that
// reverse creation order is a valid backward order. The engine knows nothing of ranks: the data-parallel reducer hangs
// off the one hook of `backward`.

import Tensors

/// What a forward pass may depend on besides its inputs; the same on any layout of ranks and threads.
public struct StepContext: Sendable {
    /// The run's seed.
    package var seed: UInt64
    /// The global step number.
    package var step: Int
    /// Which shard of the step's batch this pass computes.
    package var shard: Int
    /// This shard's part of the step's samples, which weights its statistics.
    package var fraction: Float

    public init(seed: UInt64 = 0, step: Int = 0, shard: Int = 0, fraction: Float = 1) {
        self.seed = seed
        self.step = step
        self.shard = shard
        self.fraction = fraction
    }
}

/// A forward pass under way. Used by one thread, for one backward pass, which also lets go of all activations: a
/// training tape that recorded something keeps itself and them alive until `backward` or `discard`.
public final class Tape {
    /// What a pass is for.
    public enum Mode: Sendable {
        /// Operations are recorded for `backward`; dropout drops, batch normalisation uses the batch.
        case training
        /// Nothing is recorded.
        case inference
    }

    private struct Node {
        var backward: ((inout Tensor) -> Void)?
        var parameter: Parameter?
        var gradient: Tensor?
        var isTouched = false
        /// How many operations it is an operand of, and so how many contributions its gradient may have.
        var uses = 0
        /// Whose time the way back is: see `withScope`.
        var account: Int32 = 0
    }

    public let mode: Mode
    package let context: StepContext
    package let workspace: Workspace
    /// In inference: the positions before those of this pass, nil where it computes sequences from their beginning.
    package var earlier: SequenceCache?
    private let buffer: ParameterBuffer?
    private let gradients: FlatBuffer?
    private let sum: FlatBuffer?
    /// What of the gradient went into `sum` instead of `gradients`.
    package private(set) var added: [Range<Int>] = []
    private var nodes: [Node] = []
    private var leaves: [ObjectIdentifier: Int] = [:]
    private var observed: Set<ObjectIdentifier> = []
    private var dropoutCount = 0
    /// The account of the layer that computes at present.
    private var account = 0
    private var hasRunBackward = false
    /// The first value in this pass's data that an operation can't take, such as a label that is no class; nil where
    /// there is none. The results of such a pass mean nothing, and its gradients are NaN.
    public private(set) var refused: RefusedValue?

    /// - Parameters:
    ///   - buffer: the model's parameters.
    ///   - gradients: as long as `buffer`; receives the gradient of every parameter. Without one, ask `gradient(of:)`.
    public convenience init(
        _ mode: Mode = .training, context: StepContext = StepContext(), workspace: Workspace = Workspace(),
        buffer: ParameterBuffer? = nil, gradients: FlatBuffer? = nil
    ) {
        self.init(mode, context: context, workspace: workspace, buffer: buffer, gradients: gradients, addingTo: nil)
    }

    /// - Parameter sum: another gradient, complete. A product whose result is the whole gradient of a parameter adds it
    ///   to that while it is in registers, and `added` tells; the rest goes to `gradients`.
    package init(
        _ mode: Mode, context: StepContext, workspace: Workspace, buffer: ParameterBuffer?, gradients: FlatBuffer?,
        addingTo sum: FlatBuffer?
    ) {
        require(gradients == nil || buffer != nil, "Tape: gradients need the parameter buffer they belong to")
        require(gradients?.count == buffer?.count || gradients == nil, "Tape: gradient and parameter buffers differ")
        self.mode = mode
        self.context = context
        self.workspace = workspace
        self.buffer = buffer
        self.gradients = gradients
        self.sum = sum
    }

    // MARK: Leaves

    /// An input: no gradient flows to it.
    public func constant(_ value: Tensor) -> Variable { leaf(value, node: nil) }

    /// An input whose gradient `gradient(of:)` tells after `backward`.
    public func watched(_ value: Tensor) -> Variable {
        leaf(value, node: mode == .training ? append(Node()) : nil)
    }

    /// What is computed from a leaf takes its memory from this pass's workspace, wherever the leaf itself lies.
    private func leaf(_ value: Tensor, node: Int?) -> Variable {
        Variable(tape: self, node: node, value: Tensor(value, computingIn: workspace))
    }

    /// A parameter's present value. All uses in one pass share one node, created at the first use, so that the
    /// backward sweep reaches it when its gradient is final. Statistics and frozen parameters are constants.
    public func parameter(_ parameter: Parameter) -> Variable {
        guard mode == .training, parameter.role == .trainable, !parameter.isFrozen else {
            return constant(parameter.value).marked(.logits)
        }
        let identity = ObjectIdentifier(parameter)
        if let node = leaves[identity] { return leaf(parameter.value, node: node).marked(.logits) }
        require(
            parameter.isPlaced,
            "parameter \(parameter.path) has no values yet: call makeParameterBuffer(input:) on its model first")
        require(
            gradients == nil || parameter.lies(in: buffer!.values),
            "parameter \(parameter.path) does not lie in the parameter buffer that this tape's gradients belong to")
        let node = append(Node(parameter: parameter))
        leaves[identity] = node
        return leaf(parameter.value, node: node).marked(.logits)
    }

    /// `values`, the first axis of which is the batch, where all are `allowed`; otherwise notes the first that is not,
    /// and goes on with others, so that nothing is read or written beside the memory that is meant.
    package func checked(_ values: Tensor, _ allowed: AllowedValues, _ kind: String) -> Tensor {
        guard let place = values.firstViolation(of: allowed) else { return values }
        if refused == nil {
            let rows = values.shape.rank > 0 ? values.shape[0] : 1
            refused = RefusedValue(
                row: place / (values.count / rows), of: rows, value: values.pointer[place], kind: kind,
                expected: allowed)
        }
        return values.conforming(to: allowed)
    }

    // MARK: Recording

    /// The result of an operation on `parents`. `backward` is called at most once with the gradient of the result,
    /// which is its to change, and passes on to each parent that has a node.
    package func record(_ value: Tensor, _ parents: [Variable], backward: @escaping (inout Tensor) -> Void) -> Variable
    {
        for parent in parents { use(parent.node) }
        return result(value, isRecorded: parents.contains { $0.node != nil }, backward)
    }

    /// The same for the usual numbers of parents, without an array.
    package func record(
        _ value: Tensor, _ first: Variable, _ second: Variable? = nil, _ third: Variable? = nil,
        backward: @escaping (inout Tensor) -> Void
    ) -> Variable {
        let (second, third) = (second?.node, third?.node)
        use(first.node)
        use(second)
        use(third)
        return result(value, isRecorded: first.node != nil || second != nil || third != nil, backward)
    }

    private func use(_ node: Int?) { if let node { nodes[node].uses += 1 } }

    /// Nothing is recorded where no parent has a node, and so never in inference.
    private func result(_ value: Tensor, isRecorded: Bool, _ backward: @escaping (inout Tensor) -> Void) -> Variable {
        Variable(tape: self, node: isRecorded ? append(Node(backward: backward)) : nil, value: value)
    }

    private func append(_ node: Node) -> Int {
        nodes.append(node)
        nodes[nodes.count - 1].account = Int32(account)
        return nodes.count - 1
    }

    /// Runs `body` on the account of `owner`, a layer: what it computes, and later its way back. Matters to a timeline
    /// alone.
    package func withScope<Result>(of owner: AnyObject, _ body: () -> Result) -> Result {
        guard let timeline = workspace.timeline, let own = timeline.account(of: owner) else { return body() }
        let outer = account
        account = own
        timeline.begin(.forward(own))
        defer {
            timeline.end()
            account = outer
        }
        return body()
    }

    /// Hands a running statistic, a parameter of role `statistic`, this shard's fresh observation of its shape, at most
    /// once in a pass. Weighted by the shard's part of the step, it enters the statistic when the step is applied. Does
    /// nothing in inference and where the statistic is frozen.
    public func observe(_ statistic: Parameter, _ value: Tensor) {
        guard let gradients, mode == .training, !statistic.isFrozen else { return }
        let first = observed.insert(ObjectIdentifier(statistic)).inserted
        require(first, "statistic \(statistic.path) was observed twice in one pass: use one layer per place")
        require(
            statistic.lies(in: buffer!.values),
            "statistic \(statistic.path) does not lie in the parameter buffer that this tape's gradients belong to")
        gradients.view(statistic.range, shape: value.shape).assign(value.affine(scale: context.fraction))
    }

    /// A key for the next random numbers of this pass, such as a dropout's: the same on any layout, another for every
    /// step, shard and place in the pass. `Tensor.uniform` and `Tensor.normal` draw with it.
    public func nextRandomKey() -> RandomKey {
        dropoutCount += 1
        return RandomKey(
            seed: context.seed, purpose: .dropout, index: context.step, subindex: context.shard << 16 | dropoutCount)
    }

    // MARK: Backward

    /// Propagates gradients from `output` to every watched variable and parameter it depends on.
    ///
    /// - Parameters:
    ///   - output: of any shape. The objective is `weight` times the sum of its elements.
    ///   - weight: for a shard's losses, one over the samples of the whole step.
    ///   - parameterIsFinal: called once for each parameter of the buffer, as soon as its gradient is complete;
    ///     parameters this pass did not use come last, with a zero gradient.
    public func backward(
        from output: Variable, weight: Float = 1, parameterIsFinal: ((Parameter) -> Void)? = nil
    ) {
        require(mode == .training, "backward: this tape was made for inference")
        require(output.tape === self, "backward: the output belongs to another tape")
        require(!hasRunBackward, "backward: this tape has been used; record the forward pass on a new one")
        hasRunBackward = true
        if let node = output.node {
            let weight = refused == nil ? weight : .nan
            accumulate(Tensor(repeating: weight, output.shape, in: workspace), into: node)
        }
        var account: Int32?
        for index in nodes.indices.reversed() {
            if let timeline = workspace.timeline, nodes[index].account != account {
                if account != nil { timeline.end() }
                account = nodes[index].account
                timeline.begin(.backward(Int(nodes[index].account)))
            }
            if let parameter = nodes[index].parameter {
                if !nodes[index].isTouched { clearGradient(of: parameter) }
                parameterIsFinal?(parameter)
            } else if let backward = nodes[index].backward {
                var gradient = nodes[index].gradient
                // Dropping both frees activations for the operations still to come.
                nodes[index].backward = nil
                nodes[index].gradient = nil
                if gradient != nil { backward(&gradient!) }
            }
        }
        if account != nil { workspace.timeline?.end() }
        for parameter in buffer?.parameters ?? [] where leaves[ObjectIdentifier(parameter)] == nil {
            if !observed.contains(ObjectIdentifier(parameter)) { clearGradient(of: parameter) }
            parameterIsFinal?(parameter)
        }
    }

    /// Lets go of a pass that shall have no way back, and of its activations.
    package func discard() {
        hasRunBackward = true
        (nodes, leaves) = ([], [:])
    }

    /// The gradient of a watched variable after `backward`; zeros where the output does not depend on it.
    public func gradient(of variable: Variable) -> Tensor {
        guard let node = variable.node else { fatalError("gradient(of:): a constant has no gradient; use watched(_:)") }
        return nodes[node].gradient ?? .zeros(variable.shape)
    }

    /// The gradient of a parameter after `backward`; zeros where the output does not depend on it.
    package func gradient(of parameter: Parameter) -> Tensor {
        if let gradients, parameter.lies(in: buffer!.values) {
            return gradients.view(parameter.range, shape: parameter.value.shape)
        }
        let node = leaves[ObjectIdentifier(parameter)]
        return node.flatMap { nodes[$0].gradient } ?? .zeros(parameter.value.shape)
    }

    private func clearGradient(of parameter: Parameter) {
        gradients?[parameter.range].update(repeating: 0)
    }

    /// Adds `gradient` to what has reached `node` so far.
    package func accumulate(_ gradient: Tensor, into node: Int) {
        if let gradients, let parameter = nodes[node].parameter {
            let target = gradients.view(parameter.range, shape: gradient.shape)
            if nodes[node].isTouched { target.accumulate(gradient) } else { target.assign(gradient) }
        } else if nodes[node].gradient == nil {
            nodes[node].gradient = gradient
        } else {
            nodes[node].gradient!.add(gradient)
        }
        nodes[node].isTouched = true
    }

    /// Like `accumulate`, for a kernel that writes its result to an address: straight into the flat gradient buffer
    /// when this is the first contribution to a parameter.
    package func contribute(to variable: Variable, _ write: (UnsafeMutablePointer<Float>) -> Void) {
        contribute(to: variable.place, write)
    }

    func contribute(to place: GradientPlace, _ write: (UnsafeMutablePointer<Float>) -> Void) {
        guard let node = place.node else { return }
        if let gradients, let parameter = nodes[node].parameter, !nodes[node].isTouched {
            write(gradients[parameter.range].baseAddress ?? gradients.pointer)
            nodes[node].isTouched = true
        } else {
            let result = Tensor(uninitialized: place.shape, in: workspace)
            write(result.pointer)
            accumulate(result, into: node)
        }
    }

    /// Like `contribute(to:_:)`, for a kernel that can also add its result, as a whole, to what is there.
    func contribute(to place: GradientPlace, adding write: (UnsafeMutablePointer<Float>, _ adds: Bool) -> Void) {
        guard let node = place.node else { return }
        if let sum, let parameter = nodes[node].parameter, nodes[node].uses == 1, !nodes[node].isTouched,
            let target = sum[parameter.range].baseAddress
        {
            write(target, true)
            nodes[node].isTouched = true
            added.append(parameter.range)
        } else if nodes[node].parameter == nil, let target = nodes[node].gradient?.ownedPointer() {
            write(target, true)
        } else {
            contribute(to: place) { write($0, false) }
        }
    }
}
