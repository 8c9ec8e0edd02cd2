// The confusion matrix and its table of classes against scikit-learn's, and how they are written.

import Autograd
import Foundation
import Tensors
import Testing
import Training

@Suite struct ConfusionMatrixTests {
    private func matrix(_ reference: MetricReference) throws -> ConfusionMatrix {
        let output = Shape(Array(reference.shape.dropFirst()))
        let sums = try reference.parts().map(ConfusionMatrix.sums)
            .reduce([Double](repeating: 0, count: ConfusionMatrix.sumCount(output: output))) { zip($0, $1).map(+) }
        return ConfusionMatrix(sums: sums)
    }

    @Test(arguments: MetricReference.all.filter { $0.confusion != nil })
    func agreesWithScikitLearn(_ reference: MetricReference) throws {
        let matrix = try matrix(reference)
        let expected = try #require(reference.confusion)
        #expect(matrix.counts.count == expected.count)
        for (found, count) in zip(matrix.counts, expected) { #expect(abs(found - count) < 1e-9) }
        if let accuracy = reference.expected["accuracy"] ?? nil { #expect(abs(matrix.accuracy - accuracy) < 1e-12) }
        for (counts, row) in zip(matrix.classCounts, reference.report ?? []) {
            let found = [counts.precision, counts.recall, counts.f1, counts.support]
            for (value, expected) in zip(found, row) { #expect(abs(value - expected) < 1e-12, "\(found), not \(row)") }
        }
    }

    private static let names = ["cat", "dog, big", "horse in a field"]
    private static let animals = ConfusionMatrix(sums: [5, 1, 0, 2, 3.5, 0, 0, 0, 0])

    @Test func isWrittenForATerminal() {
        #expect(
            Self.animals.text(names: Self.names) == """
                right \\ found     cat  dog, big  horse in
                ----------------  ---  --------  --------
                cat                 5         1         0
                dog, big            2       3.5         0
                horse in a field    0         0         0

                """)
        #expect(
            Self.animals.classText(names: Self.names) == """
                class             precision  recall  f1_score  support
                ----------------  ---------  ------  --------  -------
                cat                  0.7143  0.8333    0.7692        6
                dog, big             0.7778  0.6364    0.7000      5.5
                horse in a field     0.0000  0.0000    0.0000        0
                ----------------  ---------  ------  --------  -------
                macro average        0.7460  0.7348    0.7346     11.5
                weighted average     0.7447  0.7391    0.7361     11.5

                """)
    }

    @Test func isWrittenAsCSV() {
        #expect(
            Self.animals.csv(names: Self.names) == """
                class,cat,"dog, big",horse in a field
                cat,5,1,0
                "dog, big",2,3.5,0
                horse in a field,0,0,0

                """)
        let lines = Self.animals.classCSV().split(separator: "\n")
        #expect(lines.first == "class,precision,recall,f1_score,support")
        #expect(lines.map { $0.prefix { $0 != "," } } == ["class", "0", "1", "2", "macro average", "weighted average"])
        #expect(lines[1] == "0,\(5.0 / 7),\(5.0 / 6),\(10.0 / 13),6")
    }

    /// Of many classes, only the pairs that are confused.
    @Test func manyClassesAreAbbreviated() {
        var sums = [Double](repeating: 0, count: 900)
        for pair in 0..<25 { sums[pair * 30 + pair + 1] = Double(pair % 7 + 1) }
        for number in 0..<30 { sums[number * 31] = 100 }
        let lines = ConfusionMatrix(sums: sums).text().split(separator: "\n")
        #expect(lines.count == 23)
        #expect(lines[2] == "6      7            7" && lines.last == "and 5 other pairs of classes")
        #expect(ConfusionMatrix(sums: sums).csv().split(separator: "\n").count == 31)
    }

    @Test func thereIsNoneOfValuesAndOfQuestions() {
        #expect(ConfusionMatrix.defect(.meanSquaredError, output: [1])?.contains("loss of values") == true)
        #expect(ConfusionMatrix.defect(.binaryCrossentropy, output: [3])?.contains("question of its own") == true)
        #expect(ConfusionMatrix.defect(.binaryCrossentropy, output: [1]) == nil)
        #expect(ConfusionMatrix.defect(.sparseCategoricalCrossentropy, output: [3]) == nil)
        #expect(ConfusionMatrix.sumCount(output: [1]) == 4 && ConfusionMatrix.sumCount(output: [5, 3]) == 9)
    }
}
