// Times of series: read, written again, continued.

import Foundation
import Testing

import Datasets

struct SeriesTimeTests {
    @Test(
        arguments: [
            // From `date -u -d TEXT +%s`, by 86,400 for dates; months are counted from the year 0.
            ("1949-01", 23388.0, "months"), ("2024/12", 24299, "months"), ("1970-01-01", 0, "days"),
            ("1981-01-01", 4018, "days"), ("2000-02-29", 11016, "days"), ("1969/12/31", -1, "days"),
            ("2024-05-31 13:00", 1_717_160_400, "seconds"), ("2024-05-31T13:00:05Z", 1_717_160_405, "seconds"),
            ("2024-05-31T13:00:00+02:00", 1_717_153_200, "seconds"), ("1969-12-31 23:59:30", -30, "seconds"),
            ("17", 17, "numbers"), ("-2.5", -2.5, "numbers"), ("1e3", 1000, "numbers"), ("2024", 2024, "numbers"),
        ] as [(String, Double, String)])
    func textsAreRead(text: String, value: Double, unit: String) throws {
        let time = try #require(SeriesTime(text))
        #expect(time.value == value && time.form.unit.rawValue == unit)
        if text != "1e3" { #expect(time.text == text) }
    }

    @Test func daysAreFoundations() throws {
        var calendar = Foundation.Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for day in stride(from: -80_000, through: 60_000, by: 37) {
            let parts = calendar.dateComponents(
                [.year, .month, .day], from: Date(timeIntervalSince1970: 86400 * Double(day)))
            let (year, month, date) = try (#require(parts.year), #require(parts.month), #require(parts.day))
            let text = String(format: "%04d-%02d-%02d", year, month, date)
            let time = try #require(SeriesTime(text))
            #expect(time.value == Double(day) && time.text == text)
        }
    }

    @Test(
        arguments: [
            "", "1949-13", "1949-00", "1949-1x", "2023-02-29", "1949-01-32", "1949-01/02", "01-02-1949",
            "2024-05-31 25:00",
            "2024-05-31 12:60", "2024-05-31 12", "2024-05-31x12:00", "2024-05-31 12:00+0", "soon", "nan", "inf",
            "1949-",
            "2024-05-31 12:00:00.", "2024-05-31 12:00 UTC",
        ])
    func otherTextsAreNoTimes(text: String) { #expect(SeriesTime(text) == nil) }

    /// The clock of times that are written one after the other.
    private func clock(_ texts: [String]) throws -> (clock: SeriesClock, last: SeriesTime) {
        var times = try texts.map { try #require(SeriesTime($0)) }
        if SeriesClock.goesByMonths([times]) { times = times.map(\.byMonths) }
        return (try #require(SeriesClock([times])), times[times.count - 1])
    }

    @Test(
        arguments: [
            (["1960-10", "1960-11", "1960-12"], "1 month", 12, ["1961-01", "1961-02"]),
            (["2023-11-30", "2023-12-31", "2024-01-31"], "1 month", 12, ["2024-02-29", "2024-03-31"]),
            (["2023-11-15", "2023-12-15", "2024-01-15"], "1 month", 12, ["2024-02-15", "2024-03-15"]),
            (["2023-01-01", "2023-04-01", "2023-07-01"], "3 months", 4, ["2023-10-01", "2024-01-01"]),
            (["2021-12-31", "2022-12-31", "2023-12-31"], "1 year", nil, ["2024-12-31", "2025-12-31"]),
            // A gap changes no step.
            (["2024-02-24", "2024-02-25", "2024-02-26", "2024-02-28"], "1 day", 7, ["2024-02-29", "2024-03-01"]),
            (["2024-02-13", "2024-02-20", "2024-02-27"], "7 days", 52, ["2024-03-05", "2024-03-12"]),
            (["2024-12-31 22:00", "2024-12-31 23:00"], "1 hour", 24, ["2025-01-01 00:00", "2025-01-01 01:00"]),
            (
                ["2024-12-31T23:30:00Z", "2024-12-31T23:45:00Z"], "15 minutes", 96,
                ["2025-01-01T00:00:00Z", "2025-01-01T00:15:00Z"]
            ),
            (["1", "1.5", "2"], "0.5", nil, ["2.5", "3"]),
        ] as [([String], String, Int?, [String])])
    func timesGoOn(texts: [String], step: String, season: Int?, next: [String]) throws {
        let (clock, last) = try clock(texts)
        #expect(clock.words == step && clock.season == season)
        #expect(clock.times(after: last, count: 2) == next)
    }
}
