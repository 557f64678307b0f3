#!/usr/bin/env ruby
# frozen_string_literal: true

require_relative "lib/hello/words"

if ARGV == ["--count"] # without what the rest needs
  puts "#{Hello::Words.new($stdin.read).count} words"
  exit
end

require "optparse"
require "hello/report"

format = "text"
OptionParser.new do |o|
  o.banner = "Usage: hello [options] [NAME...] < TEXT"
  o.on("--format FORMAT", %w[text json]) { |f| format = f }
  o.on("--fail MESSAGE") { |m| raise ArgumentError, m }
end.parse!(ARGV)

at_exit { warn "done" }
names = ARGV.empty? ? [ENV.fetch("USER_NAME", "world")] : ARGV
report = Hello::Report.new(names, $stdin.read)
puts format == "json" ? report.to_json : report.to_text
exit 3 if report.empty?
