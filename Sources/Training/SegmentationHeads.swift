import Datasets
import Determinism
import Fusion

extension EncoderCatalogue {
  /// A segmentation head of this tier.
  ///
  /// At the paper tier it reads the authors' maps, behind the merging (METHOD.md §10.1).
  /// The small Swin has two stages of 6 × 6 and 3 × 3 patches, so its maps are taken in front of the merging: behind it
  /// both would be 3 × 3.
  func segmentation(_ head: MaskHead) -> SegmentationPlan {
    if tier == .paper { return published(head) }
    let width = tier == .smoke ? 8 : 32
    return SegmentationPlan(stages: .beforeMerging) { maps, scope in
      switch head {
      case .uperNet:
        UperNet(UperNetConfiguration(width: width, poolScales: [1, 2, 3]), maps, scope)
      case .progressive:
        ProgressiveUpsampling(
          ProgressiveUpsamplingConfiguration(widths: [width, width], factors: [2, 2, 3]), maps,
          scope)
      }
    }
  }

  private func published(_ head: MaskHead) -> SegmentationPlan {
    SegmentationPlan(stages: .afterMerging) { maps, scope in
      switch head {
      case .uperNet:
        // Swin-B's first map has 256 channels and the head 512; networks of other sizes keep the proportion.
        UperNet(UperNetConfiguration(width: 2 * maps[0].channels), maps, scope)
      case .progressive:
        ProgressiveUpsampling(ProgressiveUpsamplingConfiguration(), maps, scope)
      }
    }
  }
}
