// The confusion matrix and its table of classes against scikit-learn's, and how they are written.

import Autograd
import Datasets
import Foundation
import Layers
import Tensors
import Testing
import Training

@Suite struct ConfusionMatrixTests {
    private func matrix(_ reference: MetricReference) throws -> ConfusionMatrix {
        let output = Shape(Array(reference.shape.dropFirst()))
        let cells = try reference.parts().map(ConfusionMatrix.cells)
            .reduce(into: [:]) { (all: inout [Int: Double], part) in all.merge(part, uniquingKeysWith: +) }
        return ConfusionMatrix(classes: ConfusionMatrix.classes(output: output), cells: cells)
    }

    @Test(arguments: MetricReference.all.filter { $0.confusion != nil })
    func agreesWithScikitLearn(_ reference: MetricReference) throws {
        let matrix = try matrix(reference)
        let expected = try #require(reference.confusion)
        #expect(matrix.classes * matrix.classes == expected.count)
        for (place, count) in expected.enumerated() {
            #expect(abs(matrix[place / matrix.classes, place % matrix.classes] - count) < 1e-9)
        }
        if let accuracy = reference.expected["accuracy"] ?? nil { #expect(abs(matrix.accuracy - accuracy) < 1e-12) }
        for (counts, row) in zip(matrix.classCounts, reference.report ?? []) {
            let found = [counts.precision, counts.recall, counts.f1, counts.support]
            for (value, expected) in zip(found, row) { #expect(abs(value - expected) < 1e-12, "\(found), not \(row)") }
        }
    }

    private static let names = ["cat", "dog, big", "horse in a field"]
    private static let animals = ConfusionMatrix(classes: 3, cells: [0: 5, 1: 1, 3: 2, 4: 3.5, 8: 0])

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
        var cells: [Int: Double] = [:]
        for pair in 0..<25 { cells[pair * 30 + pair + 1] = Double(pair % 7 + 1) }
        for number in 0..<30 { cells[number * 31] = 100 }
        let matrix = ConfusionMatrix(classes: 30, cells: cells)
        let lines = matrix.text().split(separator: "\n")
        #expect(lines.count == 23)
        #expect(lines[2] == "6      7            7" && lines.last == "and 5 other pairs of classes")
        #expect(matrix.csv().split(separator: "\n").count == 31)
    }

    @Test func thereIsNoneOfValuesAndOfQuestions() {
        #expect(ConfusionMatrix.defect(.meanSquaredError, output: [1])?.contains("loss of values") == true)
        #expect(ConfusionMatrix.defect(.binaryCrossentropy, output: [3])?.contains("question of its own") == true)
        #expect(ConfusionMatrix.defect(.binaryCrossentropy, output: [1]) == nil)
        #expect(ConfusionMatrix.defect(.sparseCategoricalCrossentropy, output: [3]) == nil)
        #expect(ConfusionMatrix.classes(output: [1]) == 2 && ConfusionMatrix.classes(output: [5, 3]) == 3)
    }

    /// A matrix of 20,000 x 20,000 numbers for each of three chunks would be 9.6 GB.
    @Test func manyClassesNeedLittleMemory() throws {
        let (count, classes) = (600, 20_000)
        let inputs = Tensor.zeros([count, classes])
        for sample in 0..<count { inputs.pointer[sample * classes + 19_990 + sample % 3] = 1 }
        let data = try ArrayDataset(
            inputs: inputs, targets: Tensor((0..<count).map { Float(19_990 + $0 % 2) }), classes: classes)
        let model = Activation(.linear).compile(
            loss: .sparseCategoricalCrossentropy(fromLogits: true), metrics: [.accuracy])
        let result = try model.evaluate(data, threads: 2, classes: true, on: .alone, status: .init())
        let matrix = try #require(result.confusion)
        for right in 0..<2 {
            #expect((0..<3).map { matrix[19_990 + right, 19_990 + $0] } == [100, 100, 100])
        }
        #expect(abs(matrix.accuracy - 1.0 / 3) < 1e-12 && result.accuracy == matrix.accuracy)
        #expect(matrix.classCounts[19_990].found == 200 && matrix.classCounts[0].support == 0)
    }
}
