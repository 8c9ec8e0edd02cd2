// Going on from earlier positions: which layers can, and the pass that does. Whoever generates text calls it.

import Autograd
import Tensors

/// A layer whose result at a position depends on that position and earlier ones alone, and which finds in the tape's
/// `SequenceCache` what it needs of those.
package protocol ContinuableLayer: Layer {
    /// Whether that is true with its settings; true unless defined.
    var canContinue: Bool { get }
}

extension ContinuableLayer {
    package var canContinue: Bool { true }
}

extension Activation: ContinuableLayer {}
extension Dense: ContinuableLayer {}
extension Dropout: ContinuableLayer {}
extension LayerNormalization: ContinuableLayer {}
extension PositionEmbedding: ContinuableLayer {}
extension SinusoidalPositions: ContinuableLayer {}
extension TiedDense: ContinuableLayer {}
extension TransformerDecoder: ContinuableLayer {}

extension Embedding: ContinuableLayer {
    /// The cache knows no masks.
    package var canContinue: Bool { !maskZero }
}

extension MultiHeadAttention: ContinuableLayer {
    package var canContinue: Bool { causal }
}

extension TransformerBlock: ContinuableLayer {
    package var canContinue: Bool { attention.canContinue }
}

extension Sequential: ContinuableLayer {
    package var canContinue: Bool {
        layers.allSatisfy { ($0 as? any ContinuableLayer)?.canContinue ?? false }
    }
}

extension ContinuableLayer {
    /// Computes the next positions of a batch of sequences, `[batch, new positions, ...]`, after those in `cache`, and
    /// adds them to it. The results have the bits of a pass over the whole sequences; a new cache begins new ones.
    package func continued(
        _ input: Tensor, after cache: SequenceCache, workspace: Workspace = Workspace()
    ) -> Variable {
        require(canContinue, "continued: \(typeName) looks at later positions, so it can't go on from a cache")
        let tape = Tape(.inference, workspace: workspace)
        tape.earlier = cache
        let output = self(tape.constant(input))
        cache.advance(by: input.shape[1])
        return output
    }
}
