package consumer;

import io.goruntime.Placeholder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Prints its result and writes it to the file named by its argument, where the build looks. */
public final class Main {
    private Main() {}

    public static void main(String[] args) throws Exception {
        String result = Placeholder.greet("consumer");
        System.out.println("consumer: " + result);
        Files.writeString(Path.of(args[0]), result);
    }
}
