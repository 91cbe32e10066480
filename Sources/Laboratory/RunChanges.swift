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
}

extension Workbench.Cell {
  /// This cell at a tier: at the paper tier the method in the papers' form, and the row of the papers' table that it
  /// then stands for.
  func adapted(to tier: Tier, _ changes: RunChanges) -> Workbench.Cell {
    guard tier == .paper else { return self }
    // A row that stands for the papers' with ViT-B keeps it; in the others Swin-B takes the place of ViT-mini.
    let keepsViT = row.paper?.hasPrefix("mope-vit-") ?? false
    let method = method.published(on: data.name, keepingViT: keepsViT)
    var (data, recipe) = (data, recipe)
    data.limit = changes.limit
    recipe.microBatch = changes.microBatch
    if changes.limit != nil { recipe.epochs = 1 }
    // A row that stands for none of the papers' at mini may be one of theirs now.
    return Workbench.Cell(
      row: .init(row.id, title: row.title, paper: row.paper ?? method.paperRow),
      method: method, data: data, recipe: recipe)
  }
}
