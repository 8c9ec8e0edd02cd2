// Dividing a data set of one's own program: the parts that `lockstep train` makes unless told otherwise.

extension Dataset {
    /// The numbers of the samples to train on and to validate on, at random: of classes with each class's share in both parts,
    /// of a table with a group column by whole groups. `Subset` makes data sets of them.
    ///
    /// - Parameter validation: a fraction of all, rounded up.
    /// - Throws: `DatasetError` where the fraction is not between 0 and 1 or leaves a part without samples, or without one of
    ///   the classes.
    public func randomSplit(
        validation: Double, seed: UInt64 = 0
    ) throws(DatasetError) -> (train: [Int], validation: [Int]) {
        let split: Split
        if let table = self as? TableDataset, let groups = try table.groups() {
            split = try .group(validation, seed: seed, groups: groups)
        } else if count > 0, classNumber(of: 0) != nil {
            split = try .stratified(validation, seed: seed, classes: (0..<count).map { classNumber(of: $0) ?? 0 })
        } else {
            split = try .random(validation, of: count, seed: seed)
        }
        return (split.train, split.test)
    }
}
