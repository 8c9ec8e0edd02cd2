// The sizes of a model that fits the data.

import Lockstep

extension ResolvedSettings {
    var modelSizes: FittedModel.Sizes {
        var sizes = FittedModel.Sizes()
        (sizes.hidden, sizes.layers, sizes.heads) = (self.model.hidden, self.model.layers, self.model.heads)
        (sizes.width, sizes.dropout, sizes.normalization) = (
            self.model.width, self.model.dropout, self.model.normalization
        )
        return sizes
    }
}
