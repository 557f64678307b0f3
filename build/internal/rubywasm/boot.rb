# Runs a program and then does what Ruby's own main function would: the module
# that this is evaluated in has none. The constant WPK comes before this text:
# the script, folders for the load path, and the gems in them.

$PROGRAM_NAME = WPK[:script]
bundled = Dir.glob("/usr/local/lib/ruby/gems/*/gems/*/lib").sort
$LOAD_PATH.replace((WPK[:path] + $LOAD_PATH + bundled).uniq)

# RubyGems would take most of the start, and finds no gems in the module. It is
# there for programs that ask for one of its classes.
Object.autoload(:Gem, "rubygems")

handlers = []
main = self

Kernel.module_eval do
  private

  def gem(*) = true # what is on the load path is active

  define_method(:at_exit) do |&handler|
    raise ArgumentError, "called without block" unless handler

    handlers.push(handler)
    handler
  end
  private :at_exit
end
Kernel.define_singleton_method(:at_exit) { |&handler| main.send(:at_exit, &handler) }

# DATA is what stands in the script behind __END__.
source = File.binread(WPK[:script])
if source =~ /^__END__(?:\r?\n|\z)/n
  file = File.open(WPK[:script])
  file.pos = $~.end(0)
  Object.const_set(:DATA, file)
end
Object.send(:remove_const, :WPK)

# Errors show the program as Ruby shows it elsewhere, without what is around it.
around = ->(line) { line.start_with?("/wpk/", "eval:", "#{$PROGRAM_NAME}:in ") }
top = ->(line) { line.sub("<top (required)>", "<main>") }
script = "#{$PROGRAM_NAME}:"
show = lambda do |error|
  each = error
  while each
    lines = each.backtrace&.reject(&around)
    each.set_backtrace(lines.map { |l| l.start_with?(script) ? top.(l) : l }) if lines
    each = each.cause
  end
  # Without any place, as for errors of syntax, it would show this one.
  nowhere = error.backtrace.to_a.empty?
  text = nowhere ? error.detailed_message(highlight: false) : error.full_message(highlight: false, order: :top)
  $stderr.puts(text)
rescue SystemCallError, IOError
  nil # nobody listens
end

status = 0
finish = lambda do |error|
  next status = error.status if error.is_a?(SystemExit)

  status = 1
  show.(error)
end

# The handlers see in $! how the program ended, and may end it differently.
run_handlers = lambda do
  while (handler = handlers.pop)
    begin
      handler.call
    rescue Exception => error
      finish.(error)
    end
  end
end

begin
  load $PROGRAM_NAME
  run_handlers.call
rescue Exception => error
  finish.(error)
  run_handlers.call
end

# Ruby would do so with files that are still open.
ObjectSpace.each_object(IO) do |io|
  io.flush unless io.closed?
rescue SystemCallError, IOError
  nil # only for reading, or nobody listens
end
exit!(status)
