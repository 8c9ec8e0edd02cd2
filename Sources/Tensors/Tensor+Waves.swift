// Positions as waves of many lengths.

import CKernels

extension Tensor {
    /// `[positions, features]`: the sine of p / longest^(2 i / features) in feature 2 i, its cosine in 2 i + 1. The rates
    /// are powers in doubles, rounded once, like their product with p.
    package static func waves(_ positions: Range<Int>, features: Int, longest: Float) -> Tensor {
        let rates = (0..<((features + 1) / 2)).map {
            lk_power_double(Double(longest), -2 * Double($0) / Double(features))
        }
        let angles = Tensor(positions.flatMap { position in rates.map { Float(Double(position) * $0) } })
        let (sines, cosines) = (angles.map(.sin), angles.map(.cos))
        let result = Tensor(uninitialized: [positions.count, features])
        for position in 0..<positions.count {
            for feature in 0..<features {
                let wave = position * rates.count + feature / 2
                result.pointer[position * features + feature] = (feature % 2 == 0 ? sines : cosines).pointer[wave]
            }
        }
        return result
    }
}
