# frozen_string_literal: true

require "digest"
require "erb"
require "json"
require "set"
require "hello/words"

module Hello
  # What there is to say about a text.
  class Report
    TEMPLATE = File.join(__dir__, "report.erb")

    def initialize(names, text)
      @names = names
      @words = Words.new(text)
      @digest = Digest::SHA256.hexdigest(text)[0, 8]
    end

    def empty? = @words.to_set.empty?

    def to_text = ERB.new(File.read(TEMPLATE), trim_mode: "-").result(binding)

    def to_json(*args)
      { names: @names, words: @words.to_set.size, longest: @words.longest, digest: @digest }.to_json(*args)
    end
  end
end
