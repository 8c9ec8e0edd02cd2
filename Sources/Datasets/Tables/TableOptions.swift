// What a user says of a table's columns, in the settings' words; everything else is found in the data. TablePreparation
// is fitted with it and keeps it.

/// The roles of a table's columns, and how they become numbers.
///
/// A column is meant by its name, else by its number from 1, else by `last`.
public struct TableOptions: Sendable, Hashable, Codable {
    /// What is made of the target.
    public enum Task: String, Sendable, Codable, CaseIterable { case classes, values }

    /// What becomes of a number that is missing.
    public enum MissingNumbers: String, Sendable, Codable, CaseIterable {
        /// The training rows' median; and where one of these lacks its number, a further input that is 1 where it is missing.
        case median
        case refuse
    }

    /// What becomes of a category that is missing.
    public enum MissingCategories: String, Sendable, Codable, CaseIterable {
        /// A category of its own, where a training row lacks one.
        case category
        case refuse
    }

    /// How numbers are scaled, by the training rows.
    public enum Scaling: String, Sendable, Codable, CaseIterable {
        /// To mean 0 and deviation 1, as scikit-learn's `StandardScaler`.
        case standard
        /// To 0 ... 1, as scikit-learn's `MinMaxScaler`.
        case minMax = "min-max"
        case none
    }

    /// The columns to predict: one, or several of numbers.
    package var targets: [String]
    /// nil to find it: text is classes, and so are whole numbers of which there are two, or at most 20 with ten rows each on
    /// average; other numbers are values.
    public var task: Task?
    /// Columns to read as numbers.
    public var numeric: [String] = []
    /// Columns to read as categories, though they look like numbers, e.g. postal codes.
    public var categorical: [String] = []
    /// Columns that are no inputs.
    public var ignore: [String] = []
    /// The column that says how much each row counts.
    public var weight: String?
    /// The column whose rows stay together in splits, e.g. a patient's number; no input.
    public var group: String?
    public var missingNumbers = MissingNumbers.median
    public var missingCategories = MissingCategories.category
    public var scaling = Scaling.standard
    /// The most categories of a column, with that for missing, that become an input each; beyond, the column becomes an index
    /// for an embedding.
    public var oneHotLimit = 16
    /// Whether values to predict are scaled to mean 0 and deviation 1 by the training rows.
    package var scalesTarget = true

    public init(targets: [String]) { self.targets = targets }

    /// What to read a table with, so that no column is read twice: by the names as they are given.
    package var kinds: [String: TableColumn.Kind] {
        var kinds: [String: TableColumn.Kind] = [:]
        for name in numeric + [weight].compactMap({ $0 }) { kinds[name] = .numeric }
        for name in categorical { kinds[name] = .text }
        return kinds
    }
}

/// The columns of a table in their roles, each read as what the options make of it.
struct TableRoles {
    let targets: [TableColumn]
    let inputs: [TableColumn]
    let weight: TableColumn?
    let group: TableColumn?
    /// The inputs that `TableOptions.categorical` names.
    let chosenCategories: Set<String>

    /// - Throws: `DatasetError` for a column that is not there or has two roles, no target, and no inputs.
    init(_ table: Table, _ options: TableOptions) throws(DatasetError) {
        var roles: [String: String] = [:]
        func take(_ reference: String, as role: String) throws(DatasetError) -> String {
            let name = try table.name(of: reference)
            if let other = roles.updateValue(role, forKey: name), other != role {
                throw DatasetError(
                    "column '\(name)' of \(table.name) is given as \(other) and as \(role); expected one")
            }
            return name
        }
        guard !options.targets.isEmpty else {
            throw DatasetError("no target was given for \(table.name); expected one of \(table.columnList)")
        }
        var targets: [TableColumn] = []
        for reference in options.targets {
            let name = try take(reference, as: "the target")
            if targets.contains(where: { $0.name == name }) {
                throw DatasetError("column '\(name)' of \(table.name) is given as a target twice; expected it once")
            }
            targets.append(try table.target(name, options))
        }
        self.targets = targets
        if let reference = options.weight {
            weight = try table.numbers(of: take(reference, as: "the weight"))
        } else {
            weight = nil
        }
        group = if let reference = options.group { table.column(try take(reference, as: "the group")) } else { nil }
        for reference in options.ignore { _ = try take(reference, as: "ignored") }
        let isTaken = roles
        var numeric: Set<String> = []
        for reference in options.numeric { numeric.insert(try take(reference, as: "numeric")) }
        var categorical: Set<String> = []
        for reference in options.categorical { categorical.insert(try take(reference, as: "categorical")) }
        var inputs: [TableColumn] = []
        for column in table.columns where isTaken[column.name] == nil {
            if numeric.contains(column.name) {
                inputs.append(try table.numbers(of: column.name))
            } else {
                inputs.append(categorical.contains(column.name) ? try table.texts(of: column.name) : column)
            }
        }
        guard !inputs.isEmpty else {
            let hint = table.columns.count == 1 ? " alone: is the separator right?" : ""
            throw DatasetError(
                "\(table.name) has no column for inputs beside the target; it has \(table.columnList)\(hint)")
        }
        self.inputs = inputs
        chosenCategories = categorical
    }
}

extension Table {
    /// The name of a column that a user means: by its name, else its number from 1, else `last`.
    package func name(of reference: String) throws(DatasetError) -> String {
        if column(reference) != nil { return reference }
        if let number = Int(reference), columns.indices.contains(number - 1) { return columns[number - 1].name }
        if reference == "last", let last = columns.last { return last.name }
        throw DatasetError(
            "\(name) has no column '\(reference)'; expected a name, a number of 1 to \(columns.count), or last: it has "
                + columnList)
    }

    /// The names of the columns for messages, of many the first.
    var columnList: String {
        let names = columns.prefix(20).map { "'\($0.name)'" }.joined(separator: ", ")
        return columns.count > 20 ? names + " and \(columns.count - 20) more" : names
    }

    /// The file and line of a row, for messages.
    func placeText(ofRow row: Int) -> String {
        place(ofRow: row).map { "\($0.file):\($0.line)" } ?? "row \(row) of \(name)"
    }

    /// A target as the task wants it: several, or values, are numbers.
    fileprivate func target(_ name: String, _ options: TableOptions) throws(DatasetError) -> TableColumn {
        if options.targets.count > 1 && options.task == .classes {
            throw DatasetError(
                "\(options.targets.count) targets of classes were given for \(self.name); expected one, or columns of "
                    + "numbers to predict as values")
        }
        if options.targets.count > 1 || options.task == .values { return try numbers(of: name) }
        guard let column = column(name) else { throw DatasetError("\(self.name) has no column '\(name)'") }
        return column
    }
}
