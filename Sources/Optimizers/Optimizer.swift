// How gradients change parameters: the settings, and what they mean. The update itself is in `Optimizer+Update.swift`.

import Tensors

/// An optimizer with its settings: a value that checkpoints store and configurations compare.
///
///     var optimizer = Optimizer.adam(learningRate: .cosine(rate: 0.001, decaySteps: 10_000))
///     optimizer.clipNorm = 1
public struct Optimizer: Sendable, Hashable, Codable {
    /// The formula, with g the gradient, w the parameter and t the step, counted from 1.
    package enum Rule: Sendable, Hashable, Codable {
        /// v = momentum * v - rate * g; w += v, or with `nesterov` w += momentum * v - rate * g (Sutskever et al.
        /// 2013). Without momentum w -= rate * g, and no state. With `dampening`, v = momentum * v - rate (1 - dampening) g
        /// from the second step on, as in PyTorch; nil counts as 0, here and below, so that optimizers are written and read as
        /// before there were such settings.
        case sgd(momentum: Float, nesterov: Bool, dampening: Float? = nil)

        /// m += (1 - beta1) (g - m); v += (1 - beta2) (g^2 - v); w -= alpha * m / (sqrt(v) + epsilon), with
        /// alpha = rate * sqrt(1 - beta2^t) / (1 - beta1^t) (Kingma & Ba 2015, the end of section 2, as
        /// in Keras). With `decoupledDecay`, weight decay shrinks w by rate * decay first and leaves the gradient
        /// alone (Loshchilov & Hutter 2019).
        case adam(beta1: Float, beta2: Float, epsilon: Float, decoupledDecay: Bool)

        /// s = rho * s + (1 - rho) g^2; step = rate * g / sqrt(s + epsilon); w -= step, or with momentum
        /// v = momentum * v + step; w -= v (Tieleman & Hinton 2012, as in Keras). Centered: a = rho * a + (1 - rho) g, and the
        /// root is that of s + epsilon - a^2 (Graves 2013).
        case rmsprop(rho: Float, momentum: Float, epsilon: Float, centered: Bool? = nil)

        /// a += g^2, from `initial` on; w -= rate * g / sqrt(a + epsilon) (Duchi et al. 2011, as in Keras).
        case adagrad(initial: Float, epsilon: Float)

        /// s = rho * s + (1 - rho) g^2; d = g sqrt(u + epsilon) / sqrt(s + epsilon); u = rho * u + (1 - rho) d^2;
        /// w -= rate * d (Zeiler 2012).
        case adadelta(rho: Float, epsilon: Float)

        /// Adam's moments, looking a step ahead: with c(t) = beta1 (1 - 0.96^(t d) / 2), d being the momentum's decay, 1 unless
        /// given, and its product p(t) over 1 ... t,
        /// w -= rate * (c(t+1) m / (1 - p(t+1)) + (1 - c(t)) g / (1 - p(t))) / (sqrt(v / (1 - beta2^t)) + epsilon)
        /// (Dozat 2016, as in Keras).
        case nadam(beta1: Float, beta2: Float, epsilon: Float, momentumDecay: Float? = nil)
    }

    package var rule: Rule
    public var learningRate: LearningRateSchedule
    /// Added to the gradient times the parameter (L2, PyTorch's `weight_decay`) unless it is decoupled.
    package var weightDecay: Float
    /// Whether weight decay shrinks parameters by rate * decay before the update and leaves the gradient alone
    /// (Loshchilov & Hutter 2019), as Keras's `weight_decay` does with every optimizer; always with AdamW.
    package var decoupledDecay: Bool {
        get { if case .adam(_, _, _, true) = rule { true } else { storedDecoupledDecay ?? false } }
        set {
            if case .adam(let beta1, let beta2, let epsilon, _) = rule {
                rule = .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, decoupledDecay: newValue)
            } else {
                storedDecoupledDecay = newValue ? true : nil
            }
        }
    }
    private var storedDecoupledDecay: Bool?
    /// Scales all gradients down together so that their global norm is at most this (Pascanu et al. 2013;
    /// `global_clipnorm` in Keras). It acts on the loss's gradient: those of weight decay and regularizers are added after
    /// it (Keras adds a regularizer's before), so that the norm is known from the reduced gradient alone.
    public var clipNorm: Float?
    /// Cuts every element of the loss's gradient to -clipValue ... clipValue, after `clipNorm`.
    public var clipValue: Float?
    /// How much of the moving average of the parameters stays at a step: average = w + momentum * (average - w) after each
    /// update, the first of which it begins with (Polyak & Juditsky 1992; Keras's `ema_momentum`). Evaluation uses the
    /// averages where there are any. nil for none.
    public var emaMomentum: Float?
    /// Parameters with settings of their own; the first group whose pattern matches a parameter's path counts. Empty at
    /// first: all parameters are treated alike.
    public var groups: [ParameterGroup] {
        get { storedGroups ?? [] }
        set { storedGroups = newValue.isEmpty ? nil : newValue }
    }
    /// nil where there are none, so that optimizers without groups are written and read as before there were any.
    private var storedGroups: [ParameterGroup]?

    private enum CodingKeys: String, CodingKey {
        case rule, learningRate, weightDecay, clipNorm, clipValue, emaMomentum
        case storedGroups = "groups"
        case storedDecoupledDecay = "decoupledDecay"
    }

    package init(
        _ rule: Rule, learningRate: LearningRateSchedule, weightDecay: Float = 0, clipNorm: Float? = nil,
        clipValue: Float? = nil
    ) {
        self.rule = rule
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.clipNorm = clipNorm
        self.clipValue = clipValue
    }

    /// Stochastic gradient descent; the equivalent of `keras.optimizers.SGD`.
    ///
    /// - Parameter dampening: the part of a gradient that does not enter the velocity: PyTorch's, not with `nesterov`.
    public static func sgd(
        learningRate: LearningRateSchedule = 0.01, momentum: Float = 0, nesterov: Bool = false, weightDecay: Float = 0,
        dampening: Float = 0
    ) -> Optimizer {
        Optimizer(
            .sgd(momentum: momentum, nesterov: nesterov, dampening: dampening == 0 ? nil : dampening),
            learningRate: learningRate, weightDecay: weightDecay)
    }

    /// Adam; the equivalent of `keras.optimizers.Adam`. Its `weightDecay` is classic L2; Keras's is that of `adamW`.
    public static func adam(
        learningRate: LearningRateSchedule = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-7,
        weightDecay: Float = 0
    ) -> Optimizer {
        Optimizer(
            .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, decoupledDecay: false), learningRate: learningRate,
            weightDecay: weightDecay)
    }

    /// Adam with decoupled weight decay; the equivalent of `keras.optimizers.AdamW`.
    public static func adamW(
        learningRate: LearningRateSchedule = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-7,
        weightDecay: Float = 0.004
    ) -> Optimizer {
        Optimizer(
            .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, decoupledDecay: true), learningRate: learningRate,
            weightDecay: weightDecay)
    }

    /// RMSprop; the equivalent of `keras.optimizers.RMSprop`.
    ///
    /// - Parameter centered: whether gradients are divided by their deviation instead of their root mean square; slower.
    public static func rmsprop(
        learningRate: LearningRateSchedule = 0.001, rho: Float = 0.9, momentum: Float = 0, epsilon: Float = 1e-7,
        weightDecay: Float = 0, centered: Bool = false
    ) -> Optimizer {
        Optimizer(
            .rmsprop(rho: rho, momentum: momentum, epsilon: epsilon, centered: centered ? true : nil),
            learningRate: learningRate, weightDecay: weightDecay)
    }

    /// Adagrad; the equivalent of `keras.optimizers.Adagrad`.
    ///
    /// - Parameter initialAccumulator: what the sum of squares begins with.
    public static func adagrad(
        learningRate: LearningRateSchedule = 0.001, initialAccumulator: Float = 0.1, epsilon: Float = 1e-7,
        weightDecay: Float = 0
    ) -> Optimizer {
        Optimizer(
            .adagrad(initial: initialAccumulator, epsilon: epsilon), learningRate: learningRate,
            weightDecay: weightDecay)
    }

    /// Adadelta; the equivalent of `keras.optimizers.Adadelta`, whose rate of 0.001 the paper has as 1.
    public static func adadelta(
        learningRate: LearningRateSchedule = 0.001, rho: Float = 0.95, epsilon: Float = 1e-7, weightDecay: Float = 0
    ) -> Optimizer {
        Optimizer(.adadelta(rho: rho, epsilon: epsilon), learningRate: learningRate, weightDecay: weightDecay)
    }

    /// Nadam, Adam with Nesterov's momentum; the equivalent of `keras.optimizers.Nadam`, and with a `momentumDecay` of 0.004 of
    /// `torch.optim.NAdam`.
    ///
    /// - Parameter momentumDecay: how fast the momentum grows to beta1, which it begins with half of.
    public static func nadam(
        learningRate: LearningRateSchedule = 0.001, beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-7,
        weightDecay: Float = 0, momentumDecay: Float = 1
    ) -> Optimizer {
        Optimizer(
            .nadam(
                beta1: beta1, beta2: beta2, epsilon: epsilon, momentumDecay: momentumDecay == 1 ? nil : momentumDecay),
            learningRate: learningRate, weightDecay: weightDecay)
    }

    /// The name on the command line, e.g. `adamw`.
    package var name: String {
        switch rule {
        case .sgd: "sgd"
        case .adam(_, _, _, let decoupledDecay): decoupledDecay ? "adamw" : "adam"
        case .rmsprop: "rmsprop"
        case .adagrad: "adagrad"
        case .adadelta: "adadelta"
        case .nadam: "nadam"
        }
    }

    /// The arrays of state that it keeps, each as long as the parameters.
    package var stateNames: [String] { ruleStateNames + (emaMomentum == nil ? [] : [OptimizerState.averageName]) }

    private var ruleStateNames: [String] {
        switch rule {
        case .sgd(let momentum, _, _): momentum == 0 ? [] : ["velocity"]
        case .adam: ["m", "v"]
        case .rmsprop(_, let momentum, _, let centered):
            ["mean_square"] + (momentum == 0 ? [] : ["velocity"]) + (centered == true ? ["mean"] : [])
        case .adagrad: ["accumulator"]
        case .adadelta: ["mean_square", "mean_square_step"]
        case .nadam: ["m", "v"]
        }
    }

    /// What the first array of state holds at first.
    var initialState: Float { if case .adagrad(let initial, _) = rule { initial } else { 0 } }

    /// The state before the first step, for a flat buffer of `count` parameters that are all treated alike: without
    /// groups, penalties and frozen ones. `makeState(for:)` knows of them.
    package func makeState(count: Int) -> OptimizerState {
        require(groups.isEmpty, "\(name): parameter groups need makeState(for:), which knows the parameters")
        return OptimizerState(names: stateNames, count: count, initial: initialState)
    }

    /// The factor that brings gradients of global norm `norm` down to `clipNorm`; 1 where nothing is to do.
    package func gradientScale(norm: Double) -> Float {
        guard let clipNorm, norm > Double(clipNorm) else { return 1 }
        return Float(Double(clipNorm) / norm)
    }

    /// What is wrong with the settings, nil when nothing is. Configurations are checked with it before a run.
    package var defect: String? {
        func outside(_ name: String, _ value: Float) -> String? {
            value >= 0 && value < 1 ? nil : "\(name) must be in 0 ..< 1, got \(value)"
        }
        func notPositive(_ name: String, _ value: Float?) -> String? {
            value.map { $0 > 0 && $0.isFinite } ?? true ? nil : "\(name) must be positive, got \(value!)"
        }
        let problem: String? =
            switch rule {
            case .sgd(let momentum, let nesterov, let dampening):
                outside("momentum", momentum) ?? outside("dampening", dampening ?? 0)
                    ?? (nesterov && dampening != nil ? "dampening is not for nesterov" : nil)
            case .adam(let beta1, let beta2, let epsilon, _):
                outside("beta1", beta1) ?? outside("beta2", beta2) ?? notPositive("epsilon", epsilon)
            case .nadam(let beta1, let beta2, let epsilon, let decay):
                outside("beta1", beta1) ?? outside("beta2", beta2) ?? notPositive("epsilon", epsilon)
                    ?? notPositive("momentumDecay", decay)
            case .rmsprop(let rho, let momentum, let epsilon, _):
                outside("rho", rho) ?? outside("momentum", momentum) ?? notPositive("epsilon", epsilon)
            case .adadelta(let rho, let epsilon): outside("rho", rho) ?? notPositive("epsilon", epsilon)
            case .adagrad(let initial, let epsilon):
                (initial >= 0 && initial.isFinite ? nil : "initialAccumulator must be 0 or more, got \(initial)")
                    ?? notPositive("epsilon", epsilon)
            }
        return problem ?? learningRate.defect
            ?? (weightDecay >= 0 && weightDecay.isFinite ? nil : "weightDecay must be 0 or more, got \(weightDecay)")
            ?? emaMomentum.flatMap { outside("emaMomentum", $0) } ?? notPositive("clipNorm", clipNorm) ?? notPositive(
                "clipValue", clipValue)
            ?? groups.lazy.compactMap(\.defect).first
    }
}
