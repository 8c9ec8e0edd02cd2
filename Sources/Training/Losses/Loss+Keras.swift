// The losses of Keras 3, with its names, formulas and defaults.

import Autograd
import Tensors

extension Loss {
    // MARK: Classes

    /// -log of the probability of the target's class. Class numbers `[batch, positions...]` against probabilities or
    /// logits `[batch, positions..., classes]`.
    public static let sparseCategoricalCrossentropy = sparseCategoricalCrossentropy()
    /// -sum(t log p). Targets of the outputs' shape `[batch, positions..., classes]`, one-hot or any at least 0, against
    /// probabilities or logits.
    public static let categoricalCrossentropy = categoricalCrossentropy()
    /// -(t log p + (1 - t) log(1 - p)), the mean over outputs. Zeros and ones, or numbers between them, against
    /// probabilities or logits of the same shape.
    public static let binaryCrossentropy = binaryCrossentropy()

    /// - Parameter labelSmoothing: the part of a target, in 0 ..< 1, that is shared equally among the classes.
    public static func sparseCategoricalCrossentropy(fromLogits: Bool? = nil, labelSmoothing: Float = 0) -> Loss {
        let options = options(("label smoothing", labelSmoothing == 0 ? nil : labelSmoothing))
        check(labelSmoothing: labelSmoothing)
        return Loss(
            "sparse_categorical_crossentropy", .classNumbers, fromLogits, end: .probabilities, options,
            isSurprise: labelSmoothing == 0
        ) {
            labelSmoothing == 0
                ? $0.sparseCategoricalCrossentropy($1, fromLogits: fromLogits)
                : $0.categoricalCrossentropy(
                    $0.oneHot($1), labelSmoothing: labelSmoothing, fromLogits: fromLogits)
        }
    }

    /// - Parameter labelSmoothing: the part of a target, in 0 ..< 1, that is shared equally among the classes.
    public static func categoricalCrossentropy(fromLogits: Bool? = nil, labelSmoothing: Float = 0) -> Loss {
        let options = options(("label smoothing", labelSmoothing == 0 ? nil : labelSmoothing))
        check(labelSmoothing: labelSmoothing)
        return Loss("categorical_crossentropy", .distributions, fromLogits, end: .probabilities, options) {
            $0.categoricalCrossentropy($1, labelSmoothing: labelSmoothing, fromLogits: fromLogits)
        }
    }

    /// - Parameter labelSmoothing: the part of a target, in 0 ..< 1, that becomes 0.5.
    public static func binaryCrossentropy(fromLogits: Bool? = nil, labelSmoothing: Float = 0) -> Loss {
        let options = options(("label smoothing", labelSmoothing == 0 ? nil : labelSmoothing))
        check(labelSmoothing: labelSmoothing)
        return Loss("binary_crossentropy", .probabilities, fromLogits, end: .probabilities, options) {
            $0.binaryCrossentropy($1, labelSmoothing: labelSmoothing, fromLogits: fromLogits)
        }
    }

    /// Binary cross-entropy times (1 - p)^gamma of what is right, so that what is known well counts less (Lin et al.
    /// 2017).
    ///
    /// - Parameter alpha: weights ones by it and zeros by 1 - alpha, where given.
    public static func binaryFocalCrossentropy(
        gamma: Float = 2, alpha: Float? = nil, fromLogits: Bool? = nil, labelSmoothing: Float = 0
    ) -> Loss {
        let options = options(
            ("gamma", gamma), ("alpha", alpha), ("label smoothing", labelSmoothing == 0 ? nil : labelSmoothing))
        check(labelSmoothing: labelSmoothing, gamma: gamma, alpha: alpha)
        return Loss("binary_focal_crossentropy", .probabilities, fromLogits, end: .probabilities, options) {
            $0.binaryFocalCrossentropy(
                $1, gamma: gamma, alpha: alpha, labelSmoothing: labelSmoothing, fromLogits: fromLogits)
        }
    }

    /// Categorical cross-entropy, each term times alpha (1 - p)^gamma (Lin et al. 2017).
    public static func categoricalFocalCrossentropy(
        gamma: Float = 2, alpha: Float = 0.25, fromLogits: Bool? = nil, labelSmoothing: Float = 0
    ) -> Loss {
        let options = options(
            ("gamma", gamma), ("alpha", alpha), ("label smoothing", labelSmoothing == 0 ? nil : labelSmoothing))
        check(labelSmoothing: labelSmoothing, gamma: gamma, alpha: alpha)
        return Loss("categorical_focal_crossentropy", .distributions, fromLogits, end: .probabilities, options) {
            $0.categoricalFocalCrossentropy(
                $1, gamma: gamma, alpha: alpha, labelSmoothing: labelSmoothing, fromLogits: fromLogits)
        }
    }

    /// The same for class numbers; not among Keras's.
    public static func sparseCategoricalFocalCrossentropy(
        gamma: Float = 2, alpha: Float = 0.25, fromLogits: Bool? = nil, labelSmoothing: Float = 0
    ) -> Loss {
        let options = options(
            ("gamma", gamma), ("alpha", alpha), ("label smoothing", labelSmoothing == 0 ? nil : labelSmoothing))
        check(labelSmoothing: labelSmoothing, gamma: gamma, alpha: alpha)
        return Loss("sparse_categorical_focal_crossentropy", .classNumbers, fromLogits, end: .probabilities, options) {
            $0.categoricalFocalCrossentropy(
                $0.oneHot($1), gamma: gamma, alpha: alpha, labelSmoothing: labelSmoothing, fromLogits: fromLogits)
        }
    }

    /// sum(t log(t / p)), the Kullback-Leibler divergence. Distributions over classes, in 0 ... 1, against probabilities
    /// or logits.
    public static let klDivergence = Loss(
        "kl_divergence", .distributions, end: .probabilities, limits: .probabilities
    ) { $0.klDivergence($1) }

    /// max(1 - t x, 0), the mean over outputs. Targets -1 and 1, or 0 and 1, against any outputs of the same shape.
    public static let hinge = Loss("hinge", .signs, end: .anything) { $0.hinge($1) }
    /// max(1 - t x, 0)^2, the mean over outputs; as `hinge`.
    public static let squaredHinge = Loss("squared_hinge", .signs, end: .anything) { $0.hinge($1).square }
    /// max(1 + max((1 - t) x) - sum(t x), 0). One-hot targets against any outputs `[batch, positions..., classes]`.
    public static let categoricalHinge = Loss(
        "categorical_hinge", .distributions, end: .anything, limits: .probabilities
    ) { $0.categoricalHinge($1) }

    // MARK: Values

    /// (x - t)^2, the mean over outputs.
    public static let meanSquaredError = Loss("mean_squared_error", .values, end: .anything) { $0.squaredError($1) }
    /// |x - t|, the mean over outputs.
    public static let meanAbsoluteError = Loss("mean_absolute_error", .values, end: .anything) { $0.absoluteError($1) }
    /// log(cosh(x - t)), the mean over outputs: near 0 half the square, far off the distance less log 2.
    public static let logCosh = Loss("log_cosh", .values, end: .anything) { $0.logCosh($1) }
    /// x - t log x, the mean over outputs. Counts against their expected values, which are above 0.
    public static let poisson = Loss("poisson", .counts, end: .rates) { $0.poisson($1) }

    /// Half the squared error up to a distance of `delta`, and delta (|x - t| - delta / 2) beyond (Huber 1964); the mean
    /// over outputs.
    public static func huber(delta: Float = 1) -> Loss {
        require(delta > 0 && delta.isFinite, "huber: delta \(delta) is not above 0")
        return Loss("huber", .values, end: .anything, options(("delta", delta))) { $0.huber($1, delta: delta) }
    }

    /// 100 |x - t| / |t|, at least 1e-7 below the line; the mean over outputs.
    static let meanAbsolutePercentageError = Loss("mean_absolute_percentage_error", .values, end: .anything) {
        $0.absolutePercentageError($1)
    }
    /// (log(x + 1) - log(t + 1))^2 of x and t at least 1e-7, the mean over outputs.
    static let meanSquaredLogarithmicError = Loss("mean_squared_logarithmic_error", .values, end: .anything) {
        $0.squaredLogarithmicError($1)
    }
    /// -sum(x t) of x and t of length 1 over the last axis: -1 where they point the same way.
    static let cosineSimilarity = Loss("cosine_similarity", .values, end: .anything) { $0.cosineSimilarity($1) }

    /// 1 - c / (c + alpha sum(t (1 - p)) + beta sum(p (1 - t))) with c = sum(p t), of a sample over all its outputs (Salehi et
    /// al. 2017).
    static func tversky(alpha: Float, beta: Float) -> Loss {
        Loss("tversky", .probabilities, end: .probabilities, options(("alpha", alpha), ("beta", beta))) {
            $0.tversky($1, alpha: alpha, beta: beta, epsilon: 1e-7)
        }
    }

    /// 1 - 2 sum(p t) / (sum(p) + sum(t)), of a sample over all its outputs (Milletari et al. 2016, without squares).
    static let dice = Loss("dice", .probabilities, end: .probabilities) {
        // Keras's 1e-7, half of both sides.
        $0.tversky($1, alpha: 0.5, beta: 0.5, epsilon: 0.5e-7)
    }

    private static func options(_ values: (name: String, value: Float?)...) -> [String] {
        values.compactMap { option in option.value.map { "\(option.name) \($0)" } }
    }

    private static func check(labelSmoothing: Float, gamma: Float = 0, alpha: Float? = nil) {
        if let defect = parameterDefect(labelSmoothing: labelSmoothing, gamma: gamma, alpha: alpha) {
            require(false, defect)
        }
    }
}
