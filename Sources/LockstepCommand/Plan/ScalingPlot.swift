// The table of `lockstep plan` as a picture.

/// Step time and efficiency over the number of hosts.
struct ScalingPlot {
    let rows: [ScalingRow]
    let title: String

    private let width = 720.0
    private let height = 420.0
    private let left = 70.0
    private let right = 60.0
    private let top = 50.0
    private let bottom = 60.0

    /// Bars of compute (dark) and exposed exchange (light) in milliseconds on the left axis, efficiency as a line on the
    /// right one.
    var svg: String {
        let most = max(rows.map(\.stepMilliseconds).max() ?? 1, 1e-9)
        let slot = (width - left - right) / Double(max(1, rows.count))
        let floor = height - bottom
        func y(_ share: Double) -> Double { floor - share * (floor - top) }
        func text(_ x: Double, _ y: Double, _ words: String, _ anchor: String = "middle", size: Int = 12) -> String {
            "<text x=\"\(r(x))\" y=\"\(r(y))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\">\(words)</text>"
        }
        var parts = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(r(width))\" height=\"\(r(height))\" "
                + "font-family=\"sans-serif\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>", text(width / 2, 24, title, size: 14),
        ]
        for tick in 0...4 {
            let share = Double(tick) / 4
            parts.append(
                "<line x1=\"\(r(left))\" x2=\"\(r(width - right))\" y1=\"\(r(y(share)))\" y2=\"\(r(y(share)))\" "
                    + "stroke=\"#ddd\"/>")
            parts.append(text(left - 8, y(share) + 4, label(share * most), "end"))
            parts.append(text(width - right + 8, y(share) + 4, "\(Int(share * 100)) %", "start"))
        }
        for (index, row) in rows.enumerated() {
            let x = left + slot * (Double(index) + 0.2)
            let compute = row.computeMilliseconds / most
            let step = row.stepMilliseconds / most
            parts.append(bar(x, slot * 0.6, y(compute), floor, "#3b6ea5"))
            parts.append(bar(x, slot * 0.6, y(step), y(compute), "#e0a040"))
            parts.append(text(left + slot * (Double(index) + 0.5), floor + 18, "\(row.hosts)"))
        }
        let points = rows.enumerated().map { index, row in
            "\(r(left + slot * (Double(index) + 0.5))),\(r(y(min(1, row.efficiency))))"
        }
        parts.append(
            "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" stroke=\"#b03030\" stroke-width=\"2\"/>"
        )
        parts.append(text(width / 2, height - 20, "hosts"))
        parts.append(text(left, top - 10, "ms a step: compute (blue), exchange not hidden (amber)", "start", size: 11))
        parts.append(text(width - right, top - 10, "efficiency (red)", "end", size: 11))
        return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private func bar(_ x: Double, _ width: Double, _ top: Double, _ bottom: Double, _ color: String) -> String {
        "<rect x=\"\(r(x))\" y=\"\(r(top))\" width=\"\(r(width))\" height=\"\(r(max(0, bottom - top)))\" fill=\"\(color)\"/>"
    }

    private func label(_ value: Double) -> String { value < 10 ? "\(r(value))" : "\(Int(value.rounded()))" }

    /// Rounded to hundredths.
    private func r(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
