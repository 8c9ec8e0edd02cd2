// Equal parts of the training data, each of which validates one of the runs of a cross-validation (`--fold`, `--folds`).

import Lockstep

extension ResolvedSettings {
    /// For each fold the samples to train on and those to validate on. They are divided by whole groups where these are asked
    /// for, else by classes where there are any and not told otherwise, else at random.
    ///
    /// - Parameter numbers: the samples to divide.
    func folds(_ set: any Dataset, _ count: Int, among numbers: [Int]) throws -> [(train: [Int], test: [Int])] {
        let seed = self.training.seed
        let splits: [Split]
        switch kind(set) {
        case .group:
            let groups = try groups(set, numbers)
            let distinct = Set(groups).sorted()
            return try Split.folds(count, of: distinct.count, seed: seed).map { split in
                let tested = Set(split.test.map { distinct[$0] })
                let pairs = zip(numbers, groups)
                return (
                    pairs.filter { !tested.contains($1) }.map { number, _ in number },
                    pairs.filter { tested.contains($1) }.map { number, _ in number }
                )
            }
        case .last where set.target.classCount == nil, .random:
            splits = try Split.folds(count, of: numbers.count, seed: seed)
        case .last, .stratified: splits = try Split.folds(count, seed: seed, classes: classes(set, numbers))
        }
        return splits.map { split in (split.train.map { numbers[$0] }, split.test.map { numbers[$0] }) }
    }
}
