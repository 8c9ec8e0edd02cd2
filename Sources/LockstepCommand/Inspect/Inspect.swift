// `lockstep inspect DATA`: what was found in the data, before anything is trained on them.

import ArgumentParser
import Foundation
import Lockstep

struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What is in the data: samples, columns and types, classes, missing values, ranges, duplicates.",
        discussion: """
            DATA is what train takes as --data. The parts are those that train would use, with
            the same settings of Data, Tables, Pictures, Texts and Series.
            """)

    @Argument(help: ArgumentHelp(DataSource.forms + ".", valueName: "data"))
    var source: String
    @Flag(help: "The same as JSON.")
    var json = false
    @OptionGroup var given: GivenSettings

    func run() throws {
        withoutMPI {
            var settings = try ResolvedSettings(flags: given.layer())
            settings.set(\.data.data, source)
            let source = try DataSource(source)
            try SettingsTable.all.requireUse(of: settings, in: settings, for: source)
            if case .csv(let paths) = source, settings.tables.target.isEmpty, !settings.series.isAsked {
                let table = try Table.read(paths, format: settings.tableFormat)
                // Any column will do to look at all of them.
                settings.set(\.tables.target, ["last"])
                if !json {
                    print(
                        "no --target is given: shown as if the last column, '\(table.columns.last?.name ?? "")', were it\n"
                    )
                }
            }
            if case .images = source { settings.set(\.pictures.skipDamaged, true) }
            try settings.decodePictures(source, nil, .commandAlone, RankStatus())
            var loaded = try settings.load(source)
            loaded.notes = loaded.notes.map(SettingWords.flags)
            if let summary = LanguageSummary(loaded) { return print(try json ? summary.json : summary.text) }
            var summary = DataSummary(loaded.train, others: loaded.others)
            if case .images(let directory) = source, let preparation = loaded.preparation as? PicturePreparation {
                summary.pictures = try settings.pictureSummaries(of: directory, preparation)
            }
            if json {
                if loaded.preparation is SeriesPreparation { summary.warnings += loaded.notes }
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                encoder.nonConformingFloatEncodingStrategy = .convertToString(
                    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
                return print(String(decoding: try encoder.encode(summary), as: UTF8.self))
            }
            for note in loaded.notes where !summary.warnings.contains(note) { print(note) }
            print(summary.text)
        }
    }
}
