func accumulated(_ a: Tensor, _ b: Tensor) -> Tensor { a }
