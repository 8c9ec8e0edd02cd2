// The times of a series as a file writes them: read into numbers that can be compared and continued, and written again.

/// How a column writes its times.
package struct TimeForm: Sendable, Hashable, Codable {
    /// What a step is counted in.
    package enum Unit: String, Sendable, Codable { case months, days, seconds, numbers }

    package var unit: Unit
    /// Between year, month and day; none in `20240531`.
    var dateSeparator = "-"
    /// Between date and time of day.
    var timeSeparator = " "
    var hasSeconds = false
    /// `Z` or `+02:00` behind the time of day.
    var zone = ""
    /// The day of dates that go by months; 31 for the last one. nil for `1949-01`.
    package var day: Int?

    init(_ unit: Unit) { self.unit = unit }

    /// What a message says of the forms that can be read.
    static let expected =
        "a date such as 2024-05-31 (the year first), 20240531, 2024-05 or 2024-05-31 13:00, or a number"
}

/// One time: months or days since the year 0 or 1970, seconds since 1970, or a number.
package struct SeriesTime: Sendable, Hashable {
    package var value: Double
    package var form: TimeForm

    /// - Parameter text: `YYYY-MM`, `YYYY-MM-DD`, with `T` or a blank `HH:MM`, `HH:MM:SS`, a fraction of a second, and `Z` or
    ///   `+HH:MM`; `/` between the parts of the date too. Or a number.
    /// - Returns: nil for other text.
    package init?(_ text: String) {
        var bytes = Substring(text).utf8
        guard let year = bytes.number(4), let separator = bytes.first, "-/".utf8.contains(separator) else {
            guard let number = Double(text), number.isFinite else { return nil }
            (value, form) = (number, TimeForm(.numbers))
            return
        }
        bytes.removeFirst()
        guard let month = bytes.number(1...2), 1...12 ~= month else { return nil }
        form = TimeForm(.months)
        form.dateSeparator = String(UnicodeScalar(separator))
        value = Double(12 * year + month - 1)
        if bytes.isEmpty { return }
        guard bytes.popFirst() == separator, let day = bytes.number(1...2), 1...Calendar.days(year, month) ~= day else {
            return nil
        }
        form.unit = .days
        value = Double(Calendar.number(year, month, day))
        guard let between = bytes.popFirst() else { return }
        guard between == UInt8(ascii: "T") || between == UInt8(ascii: " "), let hour = bytes.number(1...2), hour < 24,
            bytes.popFirst() == UInt8(ascii: ":"), let minute = bytes.number(2), minute < 60
        else { return nil }
        form.unit = .seconds
        form.timeSeparator = String(UnicodeScalar(between))
        value = value * 86400 + Double(3600 * hour + 60 * minute)
        if bytes.first == UInt8(ascii: ":") {
            bytes.removeFirst()
            guard let second = bytes.number(2), second < 60 else { return nil }
            form.hasSeconds = true
            value += Double(second)
            if bytes.first == UInt8(ascii: ".") {
                let digits = bytes.dropFirst().prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
                guard !digits.isEmpty, let fraction = Double("0." + String(Substring(digits))) else { return nil }
                value += fraction
                bytes = bytes.dropFirst(1 + digits.count)
            }
        }
        guard let offset = SeriesTime.offset(Substring(bytes)) else { return nil }
        form.zone = String(Substring(bytes))
        value -= offset
    }

    /// - Parameter text: `YYYYMMDD`, which is a number too: only a column of nothing else is one of dates.
    /// - Returns: nil for other text.
    init?(compact text: String) {
        guard text.utf8.count == 8, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let number = Int(text), 1900...2100 ~= number / 10000, 1...12 ~= number / 100 % 100,
            1...Calendar.days(number / 10000, number / 100 % 100) ~= number % 100
        else { return nil }
        form = TimeForm(.days)
        form.dateSeparator = ""
        value = Double(Calendar.number(number / 10000, number / 100 % 100, number % 100))
    }

    package init(value: Double, form: TimeForm) { (self.value, self.form) = (value, form) }

    /// Of `Z`, `+02:00`, `+0200` or nothing, in seconds.
    private static func offset(_ zone: Substring) -> Double? {
        if zone.isEmpty || zone == "Z" { return 0 }
        guard let sign = zone.first, sign == "+" || sign == "-" else { return nil }
        let digits = zone.dropFirst().filter { $0 != ":" }
        guard digits.utf8.count == 4, let number = Int(digits), number % 100 < 60 else { return nil }
        return (sign == "-" ? -1 : 1) * Double(number / 100 * 3600 + number % 100 * 60)
    }

    /// As the file writes it.
    package var text: String {
        func joined(_ year: Int, _ month: Int, _ day: Int?) -> String {
            ([padded(year, 4), padded(month, 2)] + (day.map { [padded($0, 2)] } ?? [])).joined(
                separator: form.dateSeparator)
        }
        switch form.unit {
        case .numbers: return value == value.rounded() && abs(value) < 0x1p53 ? "\(Int(value))" : "\(value)"
        case .months:
            let months = Int(value)
            let (year, month) = (months / 12, months % 12 + 1)
            return joined(year, month, form.day.map { min($0, Calendar.days(year, month)) })
        case .days:
            let (year, month, day) = Calendar.date(Int(value))
            return joined(year, month, day)
        case .seconds:
            let local = value + (SeriesTime.offset(form.zone[...]) ?? 0)
            let whole = Int(local.rounded(.down))
            let days = (Double(whole) / 86400).rounded(.down)
            let (year, month, day) = Calendar.date(Int(days))
            let second = whole - 86400 * Int(days)
            var clock = "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2))"
            if form.hasSeconds || second % 60 != 0 { clock += ":\(padded(second % 60, 2))" }
            let thousandths = Int(((local - Double(whole)) * 1000).rounded(.down))
            if thousandths > 0 { clock += ".\(padded(thousandths, 3))" }
            return joined(year, month, day) + form.timeSeparator + clock + form.zone
        }
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// The time by months, of a date; itself for others.
    package var byMonths: SeriesTime {
        guard form.unit == .days else { return self }
        let (year, month, day) = Calendar.date(Int(value))
        var form = form
        (form.unit, form.day) = (.months, day == Calendar.days(year, month) ? 31 : day)
        return SeriesTime(value: Double(12 * year + month - 1), form: form)
    }
}

/// The Gregorian calendar.
enum Calendar {
    static func days(_ year: Int, _ month: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }

    /// Days since 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    static func number(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    static func date(_ number: Int) -> (year: Int, month: Int, day: Int) {
        let days = number + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let place = (5 * dayOfYear + 2) / 153
        let month = place < 10 ? place + 3 : place - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * place + 2) / 5 + 1)
    }
}

extension Substring.UTF8View {
    /// Takes so many digits off the beginning; nil, and nothing, where there are fewer.
    fileprivate mutating func number(_ count: Int) -> Int? { number(count...count) }

    fileprivate mutating func number(_ counts: ClosedRange<Int>) -> Int? {
        let digits = prefix(counts.upperBound).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        guard digits.count >= counts.lowerBound else { return nil }
        self = dropFirst(digits.count)
        return digits.reduce(0) { 10 * $0 + Int($1 - UInt8(ascii: "0")) }
    }
}
