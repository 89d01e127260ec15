// Registers Signalsmith Stretch in the audio thread, from a file of the window's own: its content policy lets no code come from a blob.
import 'signalsmith-stretch'
