import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.utils.Exit;

/**
 * Runs Apache Kafka's command-line tools in one JVM, one after the other. What runs is each tool's own `main` with the
 * arguments it would have had; what is saved is the second that a JVM needs to start.
 *
 * A request is a list of strings: their number, the class name and the arguments, each ended by a NUL byte. The answer
 * is text: lines that start with `o` (standard output) or `e` (standard error), then `x` and the exit code.
 */
public class Tools {
    private static volatile OutputStream answer = OutputStream.nullOutputStream();
    private static volatile CompletableFuture<Integer> exit = new CompletableFuture<>();

    private static final Lines OUTPUT = new Lines('o');
    private static final Lines ERRORS = new Lines('e');

    public static void main(String[] ignored) throws IOException {
        PrintStream console = System.out;
        System.setOut(new PrintStream(OUTPUT, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(ERRORS, true, StandardCharsets.UTF_8));
        // A tool that exits must not come back from that call, nor see an exception: its thread stops there.
        Exit.setExitProcedure((code, message) -> {
            exit.complete(code);
            while (true) {
                LockSupport.park();
            }
        });
        ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        console.println("port " + server.getLocalPort());
        console.flush();
        while (true) {
            try (Socket client = server.accept()) {
                serve(client);
            } catch (IOException clientLeft) {
                // Its command has run or not; the next client is none the worse.
            }
        }
    }

    private static void serve(Socket client) throws IOException {
        DataInputStream input = new DataInputStream(client.getInputStream());
        String[] request = new String[Integer.parseInt(readString(input))];
        for (int index = 0; index < request.length; index++) {
            request[index] = readString(input);
        }
        answer = client.getOutputStream();
        exit = new CompletableFuture<>();
        Thread tool = new Thread(() -> run(request), request[0]);
        tool.setDaemon(true);
        tool.start();
        int code = exit.join();
        OUTPUT.endPartialLine();
        ERRORS.endPartialLine();
        client.getOutputStream().write(("x" + code + "\n").getBytes(StandardCharsets.UTF_8));
        answer = OutputStream.nullOutputStream();
    }

    private static void run(String[] request) {
        String[] arguments = Arrays.copyOfRange(request, 1, request.length);
        try {
            Class.forName(request[0]).getMethod("main", String[].class).invoke(null, (Object) arguments);
            exit.complete(0);
        } catch (Throwable problem) {
            problem.printStackTrace();
            exit.complete(1);
        }
    }

    private static String readString(DataInputStream input) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        for (byte next = input.readByte(); next != 0; next = input.readByte()) {
            text.write(next);
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    /** Sends whole lines to the client of the moment, each after the letter of its stream. */
    private static final class Lines extends OutputStream {
        private final char letter;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        Lines(char letter) {
            this.letter = letter;
        }

        @Override
        public synchronized void write(int octet) throws IOException {
            if (octet == '\n') {
                end();
            } else {
                line.write(octet);
            }
        }

        synchronized void endPartialLine() throws IOException {
            if (line.size() > 0) {
                end();
            }
        }

        private void end() throws IOException {
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            whole.write(letter);
            line.writeTo(whole);
            whole.write('\n');
            line.reset();
            synchronized (Tools.class) {
                answer.write(whole.toByteArray());
            }
        }
    }
}
