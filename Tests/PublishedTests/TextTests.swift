import Published
import Testing

@Suite struct TextTests {
  @Test func `pages are cleaned as in the conversion script`() throws {
    for pair in try PublishedFixture.reference().food {
      #expect(FoodText.cleaned(pair[0]) == pair[1])
    }
  }

  @Test func `answers are normalised as in VQA's evaluation`() throws {
    for pair in try PublishedFixture.reference().answers {
      #expect(VQAAnswer.normalized(pair[0]) == pair[1], "\(pair[0])")
    }
  }

  @Test func `apostrophes are put back`() {
    #expect(VQAAnswer.normalized("dont know") == "don't know")
    #expect(VQAAnswer.normalized("its") == "its")
    #expect(VQAAnswer.normalized("let's") == "let's")
  }
}
