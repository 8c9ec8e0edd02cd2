// Every thread that computes does so in IEEE 754's default way, whatever the program around us has set.

import CKernels

/// Runs `body` with this thread rounding to nearest and keeping denormals, and sets it back to what it was.
package func withIEEEArithmetic<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result
{
    let before = lk_use_ieee_arithmetic()
    defer { lk_restore_arithmetic(before) }
    return try body()
}
