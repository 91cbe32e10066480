import Training

/// What a user changes about every run of the paper tier.
public struct RunChanges: Hashable, Sendable {
  /// A dry run: the first so many examples of every split, one epoch; nothing is judged.
  public var limit: Int?
  /// At most so many examples pass through a model at once (`Recipe.microBatch`).
  public var microBatch: Int?

  public init(limit: Int? = nil, microBatch: Int? = nil) {
    self.limit = limit
    self.microBatch = microBatch
  }

  func applied(to cell: Workbench.Cell) -> Workbench.Cell {
    var (data, recipe) = (cell.data, cell.recipe)
    data.limit = limit
    recipe.microBatch = microBatch
    if limit != nil { recipe.epochs = 1 }
    return Workbench.Cell(row: cell.row, method: cell.method, data: data, recipe: recipe)
  }
}
