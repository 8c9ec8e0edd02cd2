// Finds a table's format in the beginning of its file. Table.read asks for what its caller does not say.

/// The first rows of a file, in fields.
struct TableSample {
    /// How many rows are looked at, and after how many bytes no further one is.
    private static let rowLimit = 2000
    private static let byteLimit = 1 << 20
    /// The separators that are looked for, rarest in other tables first.
    private static let separators = [TableScanner.tab] + Array(";|,".utf8)

    private var rows: [[TableField]] = []
    /// Whether the rows end where they are no table any more.
    private var isBroken = false

    private init(of file: TableFile, _ syntax: TableSyntax, rowLimit: Int = rowLimit) {
        var scanner = file.scanner(syntax)
        let start = scanner.here
        repeat {
            guard scanner.here < scanner.end else { return }
            var row: [TableField] = []
            do throws(TableFault) {
                repeat {
                    row.append(try scanner.field())
                } while scanner.nextField() && row.count <= OpenedTable.columnLimit
            } catch {
                isBroken = true
                return
            }
            rows.append(row)
            if row.count > OpenedTable.columnLimit { return }
        } while rows.count < rowLimit && scanner.here - start < TableSample.byteLimit && scanner.nextRow()
    }

    /// All of the format, of which `format` is already known.
    static func syntax(of file: TableFile, knowing format: TableFormat) -> TableSyntax {
        var syntax = TableSyntax(
            separator: 0, decimal: UInt8(ascii: "."), hasHeader: format.header ?? true, hasQuotes: format.quotes ?? true
        )
        syntax.separator =
            format.separator?.asciiValue ?? foundSeparator(of: file, syntax, besides: format.decimal?.asciiValue)
        if format.decimal != nil, format.header != nil {
            syntax.decimal = format.decimal?.asciiValue ?? syntax.decimal
            return syntax
        }
        let sample = TableSample(of: file, syntax)
        syntax.decimal = format.decimal?.asciiValue ?? sample.foundDecimal(separator: syntax.separator)
        syntax.hasHeader = format.header ?? sample.hasHeader(decimal: syntax.decimal)
        return syntax
    }

    /// The one by which most rows have as many fields as the first, and more than one.
    private static func foundSeparator(
        of file: TableFile, _ syntax: TableSyntax, besides decimal: UInt8?
    ) -> UInt8 {
        let usual = decimal == UInt8(ascii: ",") ? UInt8(ascii: ";") : UInt8(ascii: ",")
        var best = (separator: usual, share: 0.0)
        for separator in separators where separator != decimal {
            var tried = syntax
            tried.separator = separator
            let sample = TableSample(of: file, tried, rowLimit: 100)
            guard let width = sample.rows.first?.count, width > 1 else { continue }
            let alike = sample.rows.count { $0.count == width }
            let share = Double(alike) / Double(sample.rows.count + (sample.isBroken ? 1 : 0))
            if share > best.share { best = (separator, share) }
        }
        return best.separator
    }

    /// A comma beside another separator, if there are numbers like 1,5 and none like 1.5; all like 1,500 could be
    /// thousands.
    private func foundDecimal(separator: UInt8) -> UInt8 {
        let (point, comma) = (UInt8(ascii: "."), UInt8(ascii: ","))
        guard separator != comma else { return point }
        var hasComma = false
        for field in rows.joined() {
            guard let sign = field.bytes.firstIndex(where: { $0 == point || $0 == comma }),
                field.number(decimal: field.bytes[sign])?.isFinite == true
            else { continue }
            if field.bytes[sign] == point { return point }
            let isLikeThousands = (1...3).contains(sign) && field.count - sign == 4 && field.bytes[0] != 0x30
            if !isLikeThousands { hasComma = true }
        }
        return hasComma ? comma : point
    }

    /// Whether the first row has no number, and some column below it has nearly only these (or it is all there is): a slip
    /// among numbers is told as one.
    private func hasHeader(decimal: UInt8) -> Bool {
        guard let first = rows.first, first.contains(where: { $0.count > 0 }),
            !first.contains(where: { $0.number(decimal: decimal) != nil })
        else { return false }
        let below = rows.dropFirst()
        return below.isEmpty
            || first.indices.contains { column in
                let fields = below.compactMap { column < $0.count ? $0[column] : nil }.filter { !$0.isMissing }
                let strays = fields.count { $0.number(decimal: decimal)?.isFinite != true }
                return !fields.isEmpty && strays * Table.cellsForEachStray <= fields.count
            }
    }
}
