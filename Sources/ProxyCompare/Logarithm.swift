import Glibc

func naturalLogarithm(_ x: Double) -> Double { log(x) }
