# frozen_string_literal: true

module Hello
  # The words of a text.
  class Words
    include Enumerable

    def initialize(text)
      @text = text
    end

    def each(&block) = @text.scan(/\p{Alpha}+/, &block)

    def longest = max_by { |w| [w.size, w] }
  end
end
