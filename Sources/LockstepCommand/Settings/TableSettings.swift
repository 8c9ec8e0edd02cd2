// How a table's columns are meant: what is not said is found in the data.

import Lockstep

struct TableSettings: SettingsGroup {
    static let title = "Tables"

    let target = Setting(
        "target", .list(.text("column")), default: [],
        "What to predict: a column's name, its number from 1, or last; several of numbers. Of pictures and arrays inputs: the "
            + "input itself.")
    let task = Setting(
        "task", SettingForm<TableOptions.Task>.choice("kind"),
        "Whether targets are classes or values (unless given, found in the data).")
    let numeric = Setting(
        "numeric", .list(.text("column")), default: [], "Columns to read as numbers.", record: .unlessDefault)
    let categorical = Setting(
        "categorical", .list(.text("column")), default: [],
        "Columns to read as categories, though they look like numbers.",
        record: .unlessDefault)
    let ignore = Setting(
        "ignore", .list(.text("column")), default: [], "Columns that are no inputs.", record: .unlessDefault)
    let weightColumn = Setting(
        "weight-column", .text("column"), "The column that says how much each row counts.")
    let groupColumn = Setting(
        "group-column", .text("column"), "The column whose rows stay together when data are split; no input.")
    let header = Setting(
        "header", .automatic(or: .choice([("yes", true), ("no", false)], "yes or no")), default: nil,
        "Whether the first row names the columns.", record: .unlessDefault)
    let separator = Setting(
        "separator", .separator, "What stands between fields: a character, or tab (unless given, found).")
    let decimal = Setting(
        "decimal", .choice([("point", Character(".")), ("comma", Character(","))], "mark"),
        "What stands before decimals: point or comma (unless given, found).")
    let quotes = Setting(
        "quotes", .choice([("double", true), ("none", false)], "signs"), default: true,
        "What a field can stand in: double quotes, or none, where a quote is a sign like others.",
        record: .unlessDefault)
    let missingNumbers = Setting(
        "missing-numbers", .choice("policy"), default: TableOptions.MissingNumbers.median,
        "A number that is missing: the training rows' median and an indicator, or refuse.", record: .unlessDefault)
    let missingCategories = Setting(
        "missing-categories", .choice("policy"), default: TableOptions.MissingCategories.category,
        "A category that is missing: one of its own, or refuse.", record: .unlessDefault)
    let scaling = Setting(
        "scaling", .choice("way"), default: TableOptions.Scaling.standard,
        "How numbers are scaled, by the training rows alone.", record: .unlessDefault)
    let oneHotLimit = Setting(
        "one-hot-limit", .integer("categories", from: 0), default: 16,
        "The most categories of a column that become an input each; beyond, an embedding.", record: .unlessDefault)
}

extension SettingForm where Value == Character {
    fileprivate static var separator: SettingForm {
        SettingForm(
            "character",
            read: { (word) throws(SettingProblem) in
                let names: [String: Character] = [
                    "tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "space": " ",
                ]
                if let named = names[word.lowercased()] { return named }
                guard word.count == 1, let character = word.first else {
                    throw SettingProblem("must be one character, or tab, got '\(word)'")
                }
                return character
            }, text: { $0 == "\t" ? "tab" : String($0) })
    }
}

extension ResolvedSettings {
    func tableOptions() throws -> TableOptions {
        guard !self.tables.target.isEmpty else {
            throw TrainingError(
                "a table needs --target COLUMN: a column's name, its number from 1, or last; lockstep inspect shows them"
            )
        }
        var options = TableOptions(targets: self.tables.target)
        options.task = self.tables.task
        (options.numeric, options.categorical) = (self.tables.numeric, self.tables.categorical)
        (options.ignore, options.weight) = (self.tables.ignore, self.tables.weightColumn)
        options.group = self.tables.groupColumn
        options.missingNumbers = self.tables.missingNumbers
        options.missingCategories = self.tables.missingCategories
        (options.scaling, options.oneHotLimit) = (self.tables.scaling, self.tables.oneHotLimit)
        return options
    }

    var tableFormat: TableFormat {
        TableFormat(
            separator: self.tables.separator, decimal: self.tables.decimal, header: self.tables.header,
            quotes: self.tables.quotes ? nil : false)
    }
}
