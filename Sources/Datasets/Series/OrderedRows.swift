// The rows of a series' table by series and time. SeriesTable asks for them.

/// Rows in order.
struct OrderedRows {
    /// Each series' rows among all that are in order.
    private(set) var series: [(name: String, rows: Range<Int>)] = []
    /// Of each series, ascending; none without a time column.
    private(set) var times: [[SeriesTime]] = []
    private(set) var notes: [String] = []
    private let table: Table
    /// The table's rows.
    private var rows: [Int] = []

    /// - Throws: `DatasetError` for a row without time or group, times that can't be read or are of several kinds, that are
    ///   neither ascending nor descending, or come twice in a series.
    init(_ table: Table, time: String?, group: String?) throws(DatasetError) {
        self.table = table
        let groups = try OrderedRows.groups(table, group)
        let read = try time.map { (name) throws(DatasetError) in try OrderedRows.read(table, name) }
        var reversedCount = 0
        for (name, members) in groups {
            var members = members
            if let read {
                if members.count > 1, read[members[1]].value < read[members[0]].value {
                    members.reverse()
                    reversedCount += 1
                }
                try OrderedRows.check(table, members, read, name)
                times.append(members.map { read[$0] })
            }
            series.append((name, rows.count..<rows.count + members.count))
            rows += members
        }
        if reversedCount > 0 {
            notes.append(
                "rows go from the latest to the earliest"
                    + (groups.count > 1 ? " in \(reversedCount) of \(groups.count) series" : "")
                    + ": they are taken the other way round")
        }
        if SeriesClock.goesByMonths(times) {
            times = times.map { $0.map(\.byMonths) }
        }
    }

    mutating func takeRows() -> [Int] { rows }

    /// Sentences on range, step and gaps.
    func summary(_ clock: SeriesClock?, _ season: Int?) -> [String] {
        var text = series.count == 1 ? "\(rows.count) rows" : "\(series.count) series of \(rows.count) rows together"
        if let first = times.compactMap(\.first).min(by: { $0.value < $1.value }),
            let last = times.compactMap(\.last).max(by: { $0.value < $1.value })
        {
            text += " from \(first.text) to \(last.text)"
        }
        if let clock { text += ", \(clock.words) apart" }
        if let season { text += ", \(season) rows to a season" }
        var notes = [text]
        guard let clock else { return notes }
        var (count, first) = (0, "")
        for (times, series) in zip(times, series) {
            for index in times.indices.dropFirst() {
                let difference = times[index].value - times[index - 1].value
                guard abs(difference - clock.step) > 1e-6 * clock.step else { continue }
                count += 1
                guard first.isEmpty else { continue }
                first =
                    "\(table.placeText(ofRow: rows[series.rows.lowerBound + index])): \(times[index].text) comes "
                    + "\(clock.words(difference)) after \(times[index - 1].text)"
            }
        }
        if count > 0 {
            notes.append(
                "\(count == 1 ? "one gap" : "\(count) gaps, or steps of another length,") in time, which windows pass over: "
                    + first)
        }
        return notes
    }

    /// The rows of each series, in the order in which they first appear.
    private static func groups(_ table: Table, _ name: String?) throws(DatasetError) -> [(name: String, rows: [Int])] {
        guard let name, case .texts(let codes, let names) = try table.texts(of: name).values else {
            return [("", Array(0..<table.rowCount))]
        }
        var places: [Int32: Int] = [:]
        var groups: [(name: String, rows: [Int])] = []
        for (row, code) in codes.enumerated() {
            guard code >= 0 else {
                throw DatasetError(
                    "\(table.placeText(ofRow: row)): group column '\(name)' has no value, so that it is of no series")
            }
            if let place = places[code] {
                groups[place].rows.append(row)
            } else {
                places[code] = groups.count
                groups.append((names[Int(code)], [row]))
            }
        }
        return groups
    }

    private static func read(_ table: Table, _ name: String) throws(DatasetError) -> [SeriesTime] {
        guard case .texts(let codes, let names) = try table.texts(of: name).values else { return [] }
        let compact = names.map { SeriesTime(compact: $0) }
        let known = compact.contains(nil) ? names.map { SeriesTime($0) } : compact
        var times: [SeriesTime] = []
        times.reserveCapacity(codes.count)
        for (row, code) in codes.enumerated() {
            guard code >= 0, let time = known[Int(code)] else {
                throw DatasetError(
                    "\(table.placeText(ofRow: row)): time column '\(name)' "
                        + (code < 0 ? "has no value" : "holds '\(names[Int(code)])'")
                        + "; expected \(TimeForm.expected)")
            }
            if let first = times.first, first.form.unit != time.form.unit {
                throw DatasetError(
                    "\(table.placeText(ofRow: row)): time column '\(name)' holds '\(names[Int(code)])', unlike "
                        + "'\(names[Int(codes[0])])' in the first row; write all times alike")
            }
            times.append(time)
        }
        return times
    }

    /// - Parameter members: a series' rows, which shall be ascending.
    private static func check(
        _ table: Table, _ members: [Int], _ times: [SeriesTime], _ name: String
    ) throws(DatasetError) {
        for (earlier, later) in zip(members, members.dropFirst()) where times[later].value <= times[earlier].value {
            let series = name.isEmpty ? "" : " in the series '\(name)'"
            if times[later].value == times[earlier].value {
                throw DatasetError(
                    "\(table.placeText(ofRow: max(earlier, later))): \(times[later].text) comes twice\(series); leave one of "
                        + "the rows out" + (name.isEmpty ? ", or say by a group column of which series each is" : ""))
            }
            throw DatasetError(
                "\(table.placeText(ofRow: max(earlier, later))): times are neither ascending nor descending\(series): "
                    + "\(times[max(earlier, later)].text) comes after \(times[min(earlier, later)].text); sort the rows by time"
                    + (name.isEmpty ? ", or say by a group column of which series each is" : ""))
        }
    }
}
