// The first layer of a model for tables: numbers pass, categories become learned vectors.

import Autograd
import Tensors

/// Passes the first columns of a table's rows through and replaces each other one, a category's number, by a row of a
/// learned table of its own (Guo & Berkhahn 2016, "Entity embeddings of categorical variables").
///
/// Input `[batch, numeric + categories.count]`, tables `embeddings_0 [categories[0], dimensions[0]]` and so on, output
/// `[batch, numeric + sum(dimensions)]`. Like `Embedding` it takes whole numbers below the number of rows alone: others
/// are an error in the step that meets them.
package final class ColumnEmbedding: Layer {
    /// Columns that pass through.
    package let numeric: Int
    /// For each other column the number of its categories.
    package let categories: [Int]
    /// The lengths of their vectors.
    package let dimensions: [Int]
    /// Their tables.
    package let embeddings: [Parameter]

    /// - Parameters:
    ///   - dimensions: one for each of `categories`.
    ///   - embeddingsRegularizer: a penalty on the tables, added to the loss that is shown and to their gradients.
    package init(
        numeric: Int, categories: [Int], dimensions: [Int],
        embeddingsInitializer: Initializer = .uniform(-0.05, 0.05), embeddingsRegularizer: Regularizer? = nil
    ) {
        self.numeric = numeric
        self.categories = categories
        self.dimensions = dimensions
        embeddings = categories.indices.map {
            Parameter("embeddings_\($0)", initializer: embeddingsInitializer, regularizer: embeddingsRegularizer)
        }
    }

    package var parameters: [Parameter] { embeddings }
    package var columnLimits: [Int?] { Array(repeating: nil, count: max(0, numeric)) + categories.map(Optional.some) }

    package func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard numeric >= 0, numeric + categories.count > 0, (categories + dimensions).allSatisfy({ $0 > 0 }) else {
            throw ShapeError(
                "ColumnEmbedding: expected at least one column, and positive categories and dimensions, got \(numeric) "
                    + "numeric columns, categories \(categories), dimensions \(dimensions)")
        }
        guard dimensions.count == categories.count else {
            throw ShapeError(
                "ColumnEmbedding: expected one dimension for each of \(categories.count) columns of categories, got "
                    + "\(dimensions)")
        }
        guard input == [numeric + categories.count] else {
            throw ShapeError(
                "ColumnEmbedding: expected input [\(numeric + categories.count)], \(numeric) numeric columns and "
                    + "\(categories.count) of categories, got \(input)")
        }
        for (column, table) in embeddings.enumerated() {
            try table.declare([categories[column], dimensions[column]])
        }
        return [numeric + dimensions.reduce(0, +)]
    }

    package func call(_ input: Variable) -> Variable {
        if let first = embeddings.first { buildIfNeeded(for: input, first) }
        let tape = input.tape
        var parts = numeric > 0 ? [input.sliced(axis: 1, 0..<numeric)] : []
        for (index, table) in embeddings.enumerated() {
            let column = numeric + index
            let numbers = tape.checkedIndices(
                input.value.sliced(axis: 1, column..<(column + 1)).reshaped([input.shape[0]]),
                below: categories[index], kind: "column \(column + 1): category")
            parts.append(tape.parameter(table).gathered(numbers))
        }
        return .concatenated(parts, axis: 1)
    }
}
