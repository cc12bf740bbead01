package consumer;

import io.goruntime.Chan;
import io.goruntime.GoRuntime;
import java.nio.file.Files;
import java.nio.file.Path;

/** Prints its result and writes it to the file named by its argument, where the build looks. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        Chan<String> greetings = Chan.make(1);
        GoRuntime.go(() -> greetings.send("hello, consumer from goroutine " + GoRuntime.goid()));
        String result = greetings.receive();
        System.out.println("consumer: " + result);
        Files.writeString(Path.of(args[0]), result);
    }
}
