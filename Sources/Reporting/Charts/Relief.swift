/// A height over a grid, painted in parts from the back to the front.
struct Relief {
  /// Fractions along the two axes of the ground, increasing.
  let x: [Double]
  let y: [Double]
  /// `[y][x]`, 0 … 1.
  let z: [[Double]]
  let colors: ColorMap
  let projection: Projection

  /// How much height one colour may stand for; steeper cells are painted in several parts.
  private static let colorStep = 0.04
  /// How many parts a picture may have; with more, a colour stands for more height.
  private static let most = 2000

  /// A sheet of coloured cells with mesh lines, and plain walls below its two near edges.
  ///
  /// Nothing above the ground can hide what is nearer to the viewer in both directions. Painting
  /// row after row towards the viewer is therefore right for every height.
  func drawSurface(on canvas: inout Canvas) {
    let cells = (0..<y.count - 1).flatMap { row in (0..<x.count - 1).map { (row, $0) } }
    var step = Self.colorStep
    func total(_ step: Double) -> Int {
      cells.reduce(0) { sum, cell in
        let parts = parts(cell.0, cell.1, step)
        return sum + parts.across * parts.along
      }
    }
    while step < 0.2 && total(step) > Self.most { step *= 1.25 }
    for (row, column) in cells { drawCell(row, column, parts(row, column, step), on: &canvas) }
    drawWall(y.indices.map { (x[x.count - 1], y[$0], z[$0][x.count - 1]) }, on: &canvas)
    drawWall(x.indices.map { (x[$0], y[y.count - 1], z[y.count - 1][$0]) }, on: &canvas)
  }

  /// How often a cell is divided so that no part is higher than `step`.
  private func parts(_ row: Int, _ column: Int, _ step: Double) -> (across: Int, along: Int) {
    let far = (z[row][column], z[row][column + 1])
    let near = (z[row + 1][column], z[row + 1][column + 1])
    func count(_ first: Double, _ second: Double) -> Int {
      max(1, Int((max(first.magnitude, second.magnitude) / step).rounded(.up)))
    }
    return (count(far.1 - far.0, near.1 - near.0), count(near.0 - far.0, near.1 - far.1))
  }

  /// One cell in parts of nearly one height, with mesh lines on its far edges; its near edges are
  /// the far ones of its neighbours, or the crest of a wall.
  private func drawCell(
    _ row: Int, _ column: Int, _ parts: (across: Int, along: Int), on canvas: inout Canvas
  ) {
    let far = (z[row][column], z[row][column + 1])
    let near = (z[row + 1][column], z[row + 1][column + 1])
    let (across, along) = parts
    func between(_ from: Double, _ to: Double, _ fraction: Double) -> Double {
      from + (to - from) * fraction
    }
    func corner(_ i: Int, _ j: Int) -> (point: Point, height: Double) {
      let (a, b) = (Double(j) / Double(across), Double(i) / Double(along))
      let height = between(between(far.0, far.1, a), between(near.0, near.1, a), b)
      let place = projection(
        between(x[column], x[column + 1], a), between(y[row], y[row + 1], b), height)
      return (place, height)
    }
    for i in 0..<along {
      for j in 0..<across {
        let (back, right) = (corner(i, j), corner(i, j + 1))
        let (left, front) = (corner(i + 1, j), corner(i + 1, j + 1))
        let height = (back.height + right.height + left.height + front.height) / 4
        paint([back.point, right.point, front.point, left.point], height, on: &canvas)
        let mesh = colors.color(height).isLight ? Color.ink : .white
        var edge = [back.point]
        if j == 0 { edge.insert(left.point, at: 0) }
        if i == 0 { edge.append(right.point) }
        if edge.count > 1 { canvas.stroke(Path(line: edge), mesh.opacity(0.4), width: 0.5) }
      }
    }
  }

  /// One curtain for each value of `x`, the farthest first.
  func drawRidges(on canvas: inout Canvas) {
    for column in x.indices {
      for row in 0..<(y.count - 1) {
        let (from, to) = (z[row][column], z[row + 1][column])
        paint(
          [
            projection(x[column], y[row], from), projection(x[column], y[row + 1], to),
            projection(x[column], y[row + 1], 0), projection(x[column], y[row], 0),
          ], (from + to) / 2, on: &canvas)
      }
      let crest = y.indices.map { projection(x[column], y[$0], z[$0][column]) }
      let ground = [projection(x[column], y[y.count - 1], 0), projection(x[column], y[0], 0)]
      canvas.stroke(Path(polygon: crest + ground), Color.white.opacity(0.7), width: 0.6)
      canvas.stroke(Path(line: crest), .ink, width: 1)
    }
  }

  /// A wall from the ground to the edge of the sheet.
  private func drawWall(_ edge: [(x: Double, y: Double, z: Double)], on canvas: inout Canvas) {
    let crest = edge.map { projection($0.x, $0.y, $0.z) }
    let ground = edge.reversed().map { projection($0.x, $0.y, 0) }
    canvas.fill(Path(polygon: crest + ground), .grid)
    canvas.stroke(Path(polygon: crest + ground), .faint, width: 0.7)
    canvas.stroke(Path(line: crest), .ink, width: 1)
  }

  /// Fills a part; the thin outline closes the hairline gaps between neighbours.
  private func paint(_ corners: [Point], _ height: Double, on canvas: inout Canvas) {
    let color = colors.color(height)
    canvas.fill(Path(polygon: corners), color)
    canvas.stroke(Path(polygon: corners), color, width: 0.5)
  }
}
