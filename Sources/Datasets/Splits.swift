// Divisions of samples into those to train on and those to test with, by rule: functions of counts, class numbers and a
// seed alone, equal on every rank. Sizes are those of Keras (the last samples) and scikit-learn (everything else).

import Tensors

/// Sample numbers in two parts, each in ascending order; every sample is in one of them.
package struct Split: Sendable, Equatable {
    package let train: [Int]
    package let test: [Int]

    /// The parts by a rule for each sample.
    private init(count: Int, isTest: (Int) -> Bool) {
        var parts: (train: [Int], test: [Int]) = ([], [])
        for number in 0..<count {
            if isTest(number) { parts.test.append(number) } else { parts.train.append(number) }
        }
        (train, test) = parts
    }

    /// The last samples, as Keras's `validation_split` takes them: n are cut at floor(n (1 - fraction)).
    ///
    /// - Throws: `DatasetError` where the fraction is not between 0 and 1 or a part is empty; all rules do.
    package static func last(_ fraction: Double, of count: Int) throws(DatasetError) -> Split {
        try check(fraction)
        let cut = Int((Double(count) * (1 - fraction)).rounded(.down))
        try check(train: cut, test: count - cut, of: count, fraction)
        return Split(count: count) { $0 >= cut }
    }

    /// Samples at random: ceil(n fraction) of them, as scikit-learn's `ShuffleSplit`.
    package static func random(_ fraction: Double, of count: Int, seed: UInt64) throws(DatasetError) -> Split {
        let testCount = try testCount(fraction, of: count)
        let isTest = chosen(testCount, of: count, seed)
        return Split(count: count) { isTest[$0] }
    }

    /// Samples at random, with each class's share in both parts: the sizes of scikit-learn's `StratifiedShuffleSplit`, but
    /// that the lower class number comes first where it draws lots for a sample more.
    ///
    /// A class that is too small for its share may miss from a part.
    ///
    /// - Throws: `DatasetError` also for a class of one sample, and for a part smaller than the number of classes.
    package static func stratified(
        _ fraction: Double, seed: UInt64, classes: [Int]
    ) throws(DatasetError) -> Split {
        let testCount = try testCount(fraction, of: classes.count)
        let members = try membersOfLargeClasses(classes)
        for (part, size) in [("training", classes.count - testCount), ("test", testCount)] where size < members.count {
            throw DatasetError(
                "\(fraction) of \(classes.count) samples leaves \(size) for the \(part) part, less than the "
                    + "\(members.count) classes; take another fraction or split at random")
        }
        let trainCounts = shares(of: classes.count - testCount, among: members.map(\.count))
        var isTest = [Bool](repeating: false, count: classes.count)
        for (index, members) in members.enumerated() {
            let isTrain = chosen(trainCounts[index], of: members.count, seed, index: index)
            for (place, number) in members.enumerated() { isTest[number] = !isTrain[place] }
        }
        return Split(count: classes.count) { isTest[$0] }
    }

    /// Whole groups at random, e.g. all pictures of a patient: ceil(groups fraction) of them, as scikit-learn's
    /// `GroupShuffleSplit`.
    package static func group(_ fraction: Double, seed: UInt64, groups: [Int]) throws(DatasetError) -> Split {
        let distinct = Set(groups).sorted()
        let testCount = try testCount(fraction, of: distinct.count, "groups")
        let isTestGroup = chosen(testCount, of: distinct.count, seed)
        let test = Set(distinct.indices.filter { isTestGroup[$0] }.map { distinct[$0] })
        return Split(count: groups.count) { test.contains(groups[$0]) }
    }

    /// `foldCount` splits whose test parts are at random, and together all samples once: the sizes of scikit-learn's
    /// `KFold`, which differ by at most one.
    ///
    /// - Throws: `DatasetError` unless there are 2 or more folds and a sample for each.
    package static func folds(_ foldCount: Int, of count: Int, seed: UInt64) throws(DatasetError) -> [Split] {
        try check(foldCount: foldCount, of: count)
        let order = order(of: count, seed)
        var fold = [Int](repeating: 0, count: count)
        let (size, larger) = count.quotientAndRemainder(dividingBy: foldCount)
        for place in 0..<count {
            let inLarger = larger * (size + 1)
            fold[order[place]] = place < inLarger ? place / (size + 1) : larger + (place - inLarger) / size
        }
        return (0..<foldCount).map { number in Split(count: count) { fold[$0] == number } }
    }

    /// Folds that hold each class's share: the sizes of scikit-learn's `StratifiedKFold`. The classes, in the order in which
    /// they first appear, are dealt to the folds like cards.
    ///
    /// - Throws: `DatasetError` also for a class of one sample, and where every class has fewer samples than there are folds.
    package static func folds(_ foldCount: Int, seed: UInt64, classes: [Int]) throws(DatasetError) -> [Split] {
        try check(foldCount: foldCount, of: classes.count)
        let members = try membersOfLargeClasses(classes).sorted { $0[0] < $1[0] }
        let largest = members.reduce(0) { max($0, $1.count) }
        guard foldCount <= largest else {
            throw DatasetError(
                "\(foldCount) folds are more than the \(largest) samples of the largest class; expected at most as many"
            )
        }
        var fold = [Int](repeating: 0, count: classes.count)
        var dealt = 0
        for (index, members) in members.enumerated() {
            let order = order(of: members.count, seed, index: index)
            for place in members.indices { fold[members[order[place]]] = (dealt + place) % foldCount }
            dealt += members.count
        }
        return (0..<foldCount).map { number in Split(count: classes.count) { fold[$0] == number } }
    }

    /// What is wrong with taking the last samples, in words: the classes that only one part holds, as in data that are
    /// sorted by class. nil where both hold the same.
    package static func lastFractionWarning(_ fraction: Double, classes: [Int]) throws(DatasetError) -> String? {
        let split = try last(fraction, of: classes.count)
        let (train, test) = (Set(classes[..<split.train.count]), Set(classes[split.train.count...]))
        let problems = [
            words(test.subtracting(train), "never trained on"), words(train.subtracting(test), "never tested"),
        ].compactMap { $0 }
        if problems.isEmpty { return nil }
        return "the last \(split.test.count) of \(classes.count) samples hold other classes than those before them: "
            + problems.joined(separator: ", ") + "; the samples seem to be sorted, so split at random or stratified"
    }
}

extension Split {
    /// Up to eight classes and what happens to them.
    private static func words(_ classes: Set<Int>, _ fate: String) -> String? {
        if classes.isEmpty { return nil }
        let names = classes.sorted().prefix(8).map(String.init).joined(separator: ", ")
        let more = classes.count > 8 ? " and \(classes.count - 8) more" : ""
        return (classes.count == 1 ? "class \(names) is " : "classes \(names)\(more) are ") + fate
    }

    private static func check(_ fraction: Double) throws(DatasetError) {
        guard fraction > 0 && fraction < 1 else {
            throw DatasetError("a fraction of \(fraction) splits nothing: expected 0 < fraction < 1")
        }
    }

    private static func check(
        train: Int, test: Int, of count: Int, _ fraction: Double, _ what: String = "samples"
    ) throws(DatasetError) {
        guard train > 0 && test > 0 else {
            throw DatasetError(
                "\(fraction) of \(count) \(what) leaves \(train) for training and \(test) for the test; expected at least "
                    + "one each: take another fraction or more \(what)")
        }
    }

    private static func check(foldCount: Int, of count: Int) throws(DatasetError) {
        guard foldCount >= 2 && foldCount <= count else {
            throw DatasetError(
                "\(foldCount) folds of \(count) samples: expected 2 or more folds, and a sample for each")
        }
    }

    /// scikit-learn's number: the fraction, rounded up.
    private static func testCount(
        _ fraction: Double, of count: Int, _ what: String = "samples"
    ) throws(DatasetError) -> Int {
        try check(fraction)
        let testCount = Int((fraction * Double(count)).rounded(.up))
        try check(train: count - testCount, test: testCount, of: count, fraction, what)
        return testCount
    }

    /// The sample numbers of each class, in ascending order of classes.
    private static func membersOfLargeClasses(_ classes: [Int]) throws(DatasetError) -> [[Int]] {
        let distinct = Set(classes).sorted()
        let places = Dictionary(uniqueKeysWithValues: zip(distinct, distinct.indices))
        var members = [[Int]](repeating: [], count: distinct.count)
        for (number, name) in classes.enumerated() { members[places[name]!].append(number) }
        if let small = members.firstIndex(where: { $0.count < 2 }) {
            throw DatasetError(
                "class \(distinct[small]) has one sample (number \(members[small][0])), so it can't be in both parts; "
                    + "leave it out, or split at random")
        }
        return members
    }

    /// `total` samples among classes of such sizes, as scikit-learn's `_approximate_mode`: each class's share rounded down,
    /// then one more for the largest remainders, the lower number first among equals.
    private static func shares(of total: Int, among counts: [Int]) -> [Int] {
        let sum = Double(counts.reduce(0, +))
        let exact = counts.map { Double($0) / sum * Double(total) }
        var shares = exact.map { Int($0.rounded(.down)) }
        let remainders = zip(exact, shares).map { $0 - Double($1) }
        let byRemainder = counts.indices.sorted { (-remainders[$0], $0) < (-remainders[$1], $1) }
        for index in byRemainder.prefix(total - shares.reduce(0, +)) { shares[index] += 1 }
        return shares
    }

    /// A random order of so many samples: of all (index 0), or of those of a class. No epoch is numbered 2^32 - 1.
    private static func order(of count: Int, _ seed: UInt64, index: Int = 0) -> SampleOrder {
        SampleOrder(count: count, seed: seed, epoch: Int(UInt32.max), firstStep: index, shuffles: true)
    }

    /// Which samples are among the first `chosenCount` of the random order.
    private static func chosen(_ chosenCount: Int, of count: Int, _ seed: UInt64, index: Int = 0) -> [Bool] {
        let order = order(of: count, seed, index: index)
        var isChosen = [Bool](repeating: false, count: count)
        for place in 0..<chosenCount { isChosen[order[place]] = true }
        return isChosen
    }
}
