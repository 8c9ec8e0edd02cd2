// Powers with whole exponents, without the C library, whose last bits differ between machines.

extension Double {
    /// This number to the power of `exponent`, at least 0, by squaring: from the exponent's lowest bit up, the square for
    /// each bit multiplies the result where the bit is set.
    package func raised(to exponent: Int) -> Double {
        require(exponent >= 0, "raised(to: \(exponent)): the exponent is negative")
        var (result, square, rest) = (1.0, self, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
